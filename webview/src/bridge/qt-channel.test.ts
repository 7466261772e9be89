import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { insideQt, openQtPipe } from "./qt-channel";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function scopeWith(objects: Record<string, unknown>): object {
  return {
    qt: { webChannelTransport: {} },
    QWebChannel: function (_transport: unknown, ready: (channel: { objects: Record<string, unknown> }) => void) {
      ready({ objects });
    },
  };
}

test("the pipe calls the bridge object's slot and hears its signal", async () => {
  let signal: ((envelope: string) => void) | null = null;
  const scope = scopeWith({
    bridge: {
      call: (envelope: string, answer: (value: string) => void) => answer(`taken ${envelope}`),
      message: { connect: (handler: (envelope: string) => void) => (signal = handler) },
    },
  });
  const pipe = await openQtPipe(scope);
  const heard: string[] = [];
  pipe.onMessage((envelope) => heard.push(envelope));
  expect(signal).not.toBeNull();
  (signal as unknown as (envelope: string) => void)("hello");
  expect(heard).toEqual(["hello"]);
  await expect(pipe.call("x")).resolves.toBe("taken x");
});

test("a page is inside the program when Qt's transport is there", () => {
  expect(insideQt({ qt: { webChannelTransport: {} } })).toBe(true);
  expect(insideQt({})).toBe(false);
});

test.each([
  ["qwebchannel.js is missing", { qt: { webChannelTransport: {} } }],
  ["there is no bridge object", scopeWith({})],
])("opening fails with an error when %s", async (_, scope) => {
  await expect(openQtPipe(scope)).rejects.toMatchObject({ code: "bridge" });
});

test("opening fails when the channel never answers", async () => {
  const scope = { qt: { webChannelTransport: {} }, QWebChannel: function () {} };
  const opened = expect(openQtPipe(scope)).rejects.toMatchObject({ code: "bridge" });
  await vi.advanceTimersByTimeAsync(10_000);
  await opened;
});
