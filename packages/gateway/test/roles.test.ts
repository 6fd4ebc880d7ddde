/** Which role may do what: every signed route against every role, and strangers.
 *  @module */
import { generateKey } from "@sluice/evidence";
import { encodeCall, type PartyRole } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf, type Actor } from "./city.ts";

let city: City;
beforeAll(async () => {
  city = await City.start();
});
afterAll(() => city.close());

const ACTORS: Record<PartyRole, Actor> = {
  agency: "bureau",
  source: "health",
  operator: "group",
  developer: "lab",
  caller: "bank",
  auditor: "auditor",
};
const ROLES = Object.keys(ACTORS) as PartyRole[];

/** Roles that each route admits; the request itself is one that fails later, with another code. */
const MATRIX: { route: string; admits: PartyRole[]; body: (actor: Actor) => Promise<unknown> }[] = [
  {
    route: "POST /v1/domains",
    admits: ["agency", "operator"],
    body: () => Promise.resolve({ domain: "health", url: city.domain.url }),
  },
  {
    route: "POST /v1/domains/nowhere/refresh",
    admits: ["agency", "operator", "source"],
    body: () => Promise.resolve(),
  },
  {
    route: "POST /v1/scenes",
    admits: ["operator", "developer"],
    body: async () => city.proposal(await city.draft({ resource: "nothing" })),
  },
  { route: "POST /v1/scenes/matrix/reviews", admits: ["operator", "agency"], body: async () => city.review("Anyone") },
  {
    route: "POST /v1/grants",
    admits: ["source", "agency"],
    body: async () => ({ grant: await city.signGrant(await city.draftOf("unknown")), policy: city.policy() }),
  },
  {
    route: "POST /v1/jobs",
    admits: ["developer"],
    body: async (actor) => encodeCall(await city.envelope(actor, { operation: "lookup.query" })),
  },
  {
    route: "POST /v1/builds",
    admits: ["operator"],
    body: async (actor) => encodeCall(await city.envelope(actor, { operation: "lookup.query" })),
  },
  {
    route: `POST /v1/runs/${"0".repeat(32)}/reviews`,
    admits: ["operator", "agency"],
    body: async () => city.review("Anyone"),
  },
  { route: "POST /v1/revocations", admits: ["source", "agency"], body: () => city.revocation("nowhere") },
  { route: "POST /v1/statuses", admits: ["agency"], body: () => city.status("nowhere") },
  {
    route: "POST /v1/releases",
    admits: ["source", "agency"],
    body: async () =>
      city.releaseOf({
        callId: "0".repeat(32),
        operation: "develop",
        product: "p",
        version: 1,
        grant: "0".repeat(64),
        bundle: "0".repeat(64),
        state: "completed",
        percent: 100,
        log: [],
        manifest: { name: "j", purpose: "p", input: {}, outputs: {} },
        model: { kind: "linear-model", features: ["a"], weights: [1], intercept: 0 },
        guardReport: {
          bundle: "0".repeat(64),
          class: "released",
          verdict: "release",
          findings: [],
          at: "2026-01-01T00:00:00.000Z",
        },
      }),
  },
];

test("each route admits the roles of its step and refuses every other with ERR_ROLE", async () => {
  // A scene in which operator and agency get beyond the role check.
  await city.send("lab", "POST", "/v1/scenes", city.proposal(await city.draftOf("matrix")));
  for (const { route, admits, body } of MATRIX) {
    const [method = "", path = ""] = route.split(" ");
    for (const role of ROLES) {
      const actor = ACTORS[role];
      const answer = await city.send(actor, method, path, await body(actor));
      const refused = codeOf(answer) === "ERR_ROLE";
      expect({ route, role, refused }).toEqual({ route, role, refused: !admits.includes(role) });
    }
  }
});

test("every signed route refuses a key that no party has, and a request without a signature", async () => {
  const stranger = await generateKey();
  const reads = [
    `GET /v1/runs/${"0".repeat(32)}`,
    `GET /v1/runs/${"0".repeat(32)}/events`,
    `GET /v1/receipts/${"0".repeat(32)}`,
    `GET /v1/grants/${"0".repeat(64)}`,
    "GET /v1/scenes/matrix",
    "GET /v1/products/p/snapshot",
    `GET /v1/products/p/snapshots/${"0".repeat(64)}/hint`,
  ];
  for (const route of [...MATRIX.map((row) => row.route), "PUT /v1/parties/x", "POST /v1/calls", ...reads]) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await city.send(stranger, method, path, method === "GET" ? undefined : {});
    expect({ route, code: codeOf(answer) }).toEqual({ route, code: "ERR_PARTY_UNKNOWN" });
    const unsigned = await fetch(`${city.gateway.url}${path}`, { method });
    expect({ route, status: unsigned.status }).toEqual({ route, status: 401 });
  }
});

test("what everybody may read needs no signature", async () => {
  for (const path of ["/v1/parties", "/v1/catalogue", "/v1/products", "/log/checkpoint", "/openapi.json"]) {
    expect({ path, code: codeOf(await city.get(path)) }).toEqual({ path, code: 200 });
  }
});

test("a suspended party is refused on every signed route, and the pinned agency never is", async () => {
  await city.send("bureau", "PUT", "/v1/parties/group", await city.statement("group", { status: "suspended" }));
  for (const { route, body } of MATRIX) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await city.send("group", method, path, await body("group"));
    expect({ route, code: codeOf(answer) }).toEqual({ route, code: "ERR_PARTY_SUSPENDED" });
  }
  await city.send("bureau", "PUT", "/v1/parties/bureau", await city.statement("bureau", { status: "suspended" }));
  expect(codeOf(await city.send("bureau", "PUT", "/v1/parties/group", await city.statement("group")))).toBe(200);
});
