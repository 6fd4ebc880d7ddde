import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { MessageParser, type Message } from "../src/work/message-parser.ts";
import { readMessages, writeMessage } from "../src/work/messages.ts";

// A process that answers each message with the same message after a moment, and an error with its code.
const ECHO = `
  import { Socket } from "node:net";
  import { receiveMessages, writeMessage } from ${JSON.stringify(new URL("../src/work/messages.ts", import.meta.url).href)};
  const answers = new Socket({ fd: 4, readable: false, writable: true });
  try {
    for await (const { head, parts } of receiveMessages(3, 50_000_000)) {
      for (const part of parts) if (part.byteOffset !== 0 || part.buffer.byteLength !== part.length) head.shared = true;
      await writeMessage(answers, head, parts);
    }
    await writeMessage(answers, "ended");
  } catch (error) {
    await writeMessage(answers, error.code);
  }
`;

let child: ChildProcess;
afterEach(() => child.kill("SIGKILL"));

function startEcho(): { input: Writable; answers: AsyncGenerator<Message> } {
  child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", ECHO], {
    stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"],
  });
  return { input: child.stdio[3] as Writable, answers: readMessages(child.stdio[4] as Readable, 50_000_000) };
}

test("messages reach another process whole and in order, large and small, also when they wait there", async () => {
  const { input, answers } = startEcho();
  const sizes = [[], [0], [1, 0, 70_000], [9_000_000, 3], ...Array.from({ length: 40 }, (_, i) => [i * 100])];
  const sent = sizes.map((lengths, i) => ({
    head: { i },
    parts: lengths.map((length, j) => new Uint8Array(length).fill(i + j)),
  }));
  for (const { head, parts } of sent) void writeMessage(input, head, parts);
  for (const { head, parts } of sent) {
    const { value } = (await answers.next()) as { value: Message };
    expect(value.head).toEqual(head);
    expect(value.parts.map((part) => Buffer.compare(part, parts[value.parts.indexOf(part)] ?? part))).toEqual(
      parts.map(() => 0),
    );
    expect(value.parts.map(({ length }) => length)).toEqual(parts.map(({ length }) => length));
  }
  input.end();
  expect(await answers.next()).toMatchObject({ value: { head: "ended" } });
  await once(child, "exit");
});

test("a message that has begun is here before its parts, and each part says when it is whole", () => {
  const parser = new MessageParser(1_000);
  const head = new TextEncoder().encode('{"i":1}');
  const bytes = Uint8Array.from([
    0,
    0,
    0,
    head.length,
    0,
    0,
    0,
    3,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    3,
    ...head,
    7,
    8,
    9,
    10,
    11,
  ]);
  const seen: string[] = [];
  for (const byte of bytes) {
    parser.space()[0] = byte;
    const message = parser.fill(1);
    const begun = parser.takeBegun();
    if (begun !== undefined) {
      seen.push(`begun ${JSON.stringify(begun.head)} ${begun.parts.map(({ length }) => length).join()}`);
      for (const [i, arrived] of begun.arrived.entries())
        void arrived.then(() => seen.push(`${i}: ${begun.parts[i]?.join()}`));
    }
    if (message !== undefined) seen.push(`whole ${message.parts.join(" ")}`);
  }
  return Promise.resolve().then(() =>
    expect(seen).toEqual(['begun {"i":1} 2,0,3', "whole 7,8  9,10,11", "0: 7,8", "1: ", "2: 9,10,11"]),
  );
});

test.each([
  ["is cut off", (input: Writable) => input.end(Uint8Array.from([0, 0, 0, 2, 0, 0, 0, 1, 0])), "ERR_FRAME_MALFORMED"],
  [
    "is no JSON",
    (input: Writable) => input.write(Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 0, 0xff])),
    "ERR_FRAME_MALFORMED",
  ],
  [
    "claims 4 GiB",
    (input: Writable) => input.write(Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255])),
    "ERR_FRAME_TOO_LARGE",
  ],
])("a message that %s ends the reading with its code", async (_name, write, code) => {
  const { input, answers } = startEcho();
  write(input);
  expect(await answers.next()).toMatchObject({ value: { head: code } });
});
