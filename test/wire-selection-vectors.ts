/** Vectors of a hidden selection: what caller and domain drew, their messages, the sums; and messages that are refused.
 *  @module */
import { createHash } from "node:crypto";
import { SelectionClient } from "@sluice/mpc/he/selection/client";
import { memorySelectionRegister, SelectionServer, SelectionTable } from "@sluice/mpc/he/selection/server";
import {
  encodeSelectionCall,
  encodeSelectionRegistered,
  encodeSelectionRegistration,
  parseSelectionParameters,
  toHex,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import { recorded, seeded } from "./wire-seeded.ts";

const CALLER = "city-hospital";
const EPOCH = "2026-10";
const SELECTED = ["north", "east"];
const SUMS = [
  [120n, -4_000n],
  [75n, 900n],
  [33n, 12_500n],
  [210n, -1n],
];
const NOISE = [3n, -17n];
const PARAMETERS = parseSelectionParameters({
  type: "hidden-selection",
  version: 1,
  product: "costs",
  groups: ["north", "south", "east", "west"],
  minimumGroups: 2,
  minimumRows: 10,
  measures: [
    { name: "people", subjectBound: 1, noiseScale: 2, bound: 20_000 },
    { name: "balance", subjectBound: 100, noiseScale: 10, bound: 50_000 },
  ],
});
/** In place of a snapshot's hash. */
const SNAPSHOT = new Uint8Array(createHash("sha256").update(utf8("a snapshot")).digest());
const [USED, MOST] = [3, 258];
/** Offsets in a selection of four groups. */
const AT = { statement: 3, publicKey: 35, groups: 67, ciphertexts: 69, proofs: 325, totals: 1_221, total: 1_223 };
/** In an answer. */
const SECOND_MEASURE = 109;
const PROOF_BYTES = 2 * 64 + 32 + 2 * 32;

/** One selection and one request for both measures. */
export async function makeSelectionVectors() {
  const caller = recorded("selection caller");
  const domain = recorded("selection domain");
  const register = memorySelectionRegister({ maxSelections: 10, maxEpsilon: 1_000 });
  const table = new SelectionTable(
    PARAMETERS,
    EPOCH,
    PARAMETERS.groups.map((label, i) => ({ label, rows: 10, sums: SUMS[i] ?? [] })),
  );
  const noise = [...NOISE];
  // The verifier's weights are nobody's business: the stream of the answer begins with the request.
  let random = seeded("selection verifier");
  const server = await SelectionServer.open({
    table,
    caller: CALLER,
    register,
    noise: () => noise.shift() ?? 0n,
    random: { bytes: (length) => random.bytes(length) },
  });
  const client = await SelectionClient.select({ parameters: PARAMETERS, caller: CALLER }, SELECTED, caller);
  await register.register({ product: PARAMETERS.product, caller: CALLER, commitment: toHex(client.commitment) });
  await server.select(client.frame);
  random = domain;
  const request = client.request(EPOCH, ["people", "balance"]);
  const answer = await server.answer(request);
  return {
    parameters: PARAMETERS,
    caller: CALLER,
    selected: SELECTED,
    // The key, then a nonce for each group, then for each proof a mask for each value and a challenge for each value.
    drawnByCaller: caller.drawn.map(toHex),
    selection: toHex(client.frame),
    commitment: toHex(client.commitment),
    request: toHex(request),
    sums: SUMS.map((row) => row.map(String)),
    noise: NOISE.map(String),
    // A nonce for each measure.
    drawnByDomain: domain.drawn.map(toHex),
    answer: toHex(answer),
    opened: Object.fromEntries(await client.open(request, answer)),
    refused: refused(client.frame, request, answer),
    product: productVectors(client, request),
  };
}

/** The calls of a product: registration, its answer, and the call. */
function productVectors({ commitment, frame: selection }: SelectionClient, request: Bytes) {
  const registration = encodeSelectionRegistration({ snapshot: SNAPSHOT, commitment });
  const registered = encodeSelectionRegistered({ commitment, used: USED, most: MOST });
  const call = encodeSelectionCall({ snapshot: SNAPSHOT, selection, request });
  const edited = (frame: Bytes, at: number, byte: number): string => toHex(frame.with(at, byte));
  const code = "ERR_FRAME_MALFORMED";
  const frames = { registration, registered, call };
  const broken = Object.entries(frames).flatMap(([frame, bytes]) => [
    { name: `a ${frame} of another version`, frame, hex: edited(bytes, 1, 2), code },
    { name: `a ${frame} of another kind`, frame, hex: edited(bytes, 2, 1), code },
    { name: `a ${frame} cut short`, frame, hex: toHex(bytes.slice(0, -1)), code },
    { name: `a ${frame} with a byte more`, frame, hex: `${toHex(bytes)}00`, code },
  ]);
  const selectionLength = 3 + SNAPSHOT.length;
  return {
    snapshot: toHex(SNAPSHOT),
    used: USED,
    most: MOST,
    registration: toHex(registration),
    registered: toHex(registered),
    call: toHex(call),
    refused: [
      ...broken,
      {
        name: "a call whose selection is longer than any",
        frame: "call",
        hex: edited(call, selectionLength, 7),
        code: "ERR_FRAME_TOO_LARGE",
      },
      {
        name: "a call whose request is longer than any",
        frame: "call",
        hex: edited(call, selectionLength + 3 + selection.length, 2),
        code: "ERR_FRAME_TOO_LARGE",
      },
    ],
  };
}

function refused(selection: Bytes, request: Bytes, answer: Bytes) {
  const edited = (frame: Bytes, at: number, ...bytes: number[]): string => {
    const copy = frame.slice();
    copy.set(bytes, at);
    return toHex(copy);
  };
  const flipped = (at: number): string => edited(selection, at, (selection[at] ?? 0) ^ 1);
  const swapped = selection.slice();
  swapped.copyWithin(AT.ciphertexts, AT.ciphertexts + 64, AT.ciphertexts + 128);
  const order = Uint8Array.from(Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex"));
  const zeros = new Uint8Array(32);
  const malformed = "ERR_FRAME_MALFORMED";
  return [
    { name: "a selection of another version", frame: "selection", hex: edited(selection, 1, 2), code: malformed },
    { name: "the kind of a request", frame: "selection", hex: edited(selection, 2, 2), code: malformed },
    { name: "no group", frame: "selection", hex: edited(selection, AT.groups, 0, 0), code: malformed },
    { name: "more groups than 1024", frame: "selection", hex: edited(selection, AT.groups, 4, 1), code: malformed },
    { name: "no total", frame: "selection", hex: edited(selection, AT.totals, 0, 0), code: malformed },
    { name: "a selection cut short", frame: "selection", hex: toHex(selection.slice(0, -1)), code: malformed },
    { name: "a byte more", frame: "selection", hex: `${toHex(selection)}00`, code: malformed },
    { name: "another statement", frame: "selection", hex: flipped(AT.statement), code: "ERR_SELECTION_REFUSED" },
    {
      name: "a response that is another",
      frame: "selection",
      hex: flipped(AT.proofs + 160),
      code: "ERR_SELECTION_PROOF",
    },
    {
      name: "a challenge that is another",
      frame: "selection",
      hex: flipped(AT.proofs + 128),
      code: "ERR_SELECTION_PROOF",
    },
    {
      name: "a response that is not reduced",
      frame: "selection",
      hex: edited(selection, selection.length - 32, ...order),
      code: "ERR_SELECTION_PROOF",
    },
    {
      name: "a commitment that is the identity",
      frame: "selection",
      hex: edited(selection, AT.proofs + PROOF_BYTES, ...zeros),
      code: "ERR_SELECTION_PROOF",
    },
    {
      name: "a commitment that is no element",
      frame: "selection",
      hex: edited(selection, AT.total, ...zeros.fill(0xff)),
      code: "ERR_SELECTION_PROOF",
    },
    {
      name: "a ciphertext twice, under its registered commitment",
      frame: "selection",
      hex: toHex(swapped),
      code: "ERR_SELECTION_PROOF",
    },
    { name: "a request cut short", frame: "request", hex: toHex(request.slice(0, -1)), code: malformed },
    { name: "an epoch that is no name", frame: "request", hex: edited(request, 36, 0xff), code: malformed },
    { name: "a measure twice", frame: "request", hex: edited(request, request.length - 1, 0), code: malformed },
    {
      name: "no such measure",
      frame: "request",
      hex: edited(request, request.length - 1, 2),
      code: "ERR_SELECTION_REFUSED",
    },
    {
      name: "another selection",
      frame: "request",
      hex: edited(request, 3, (request[3] ?? 0) ^ 1),
      code: "ERR_SELECTION_REFUSED",
    },
    { name: "no such epoch", frame: "request", hex: edited(request, 42, 0x39), code: "ERR_SELECTION_REFUSED" },
    { name: "an answer cut short", frame: "answer", hex: toHex(answer.slice(0, -1)), code: malformed },
    {
      name: "an answer with a measure twice",
      frame: "answer",
      hex: edited(answer, SECOND_MEASURE, 0),
      code: malformed,
    },
    {
      name: "an answer to another request",
      frame: "answer",
      hex: edited(answer, 3, (answer[3] ?? 0) ^ 1),
      code: "ERR_SELECTION_REFUSED",
    },
    {
      name: "an answer that is no element",
      frame: "answer",
      hex: edited(answer, answer.length - 32, ...zeros),
      code: "ERR_SELECTION_SUM",
    },
  ];
}
