import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { ChannelBridge, type EnvelopePipe } from "./channel-bridge";
import { BridgeError } from "./error";

interface Sent {
  readonly v: number;
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

class FakePipe implements EnvelopePipe {
  readonly sent: Sent[] = [];
  taken = '{"v":1,"ok":true}';
  #receive: (envelope: string) => void = () => undefined;

  call(envelope: string): Promise<string> {
    this.sent.push(JSON.parse(envelope) as Sent);
    return Promise.resolve(this.taken);
  }

  onMessage(handler: (envelope: string) => void): void {
    this.#receive = handler;
  }

  program(envelope: object | string): void {
    this.#receive(typeof envelope === "string" ? envelope : JSON.stringify({ v: 1, ...envelope }));
  }
}

let pipe: FakePipe;
let bridge: ChannelBridge;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  pipe = new FakePipe();
  bridge = new ChannelBridge(pipe);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function failureOf(call: Promise<unknown>): Promise<BridgeError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BridgeError);
  return error as BridgeError;
}

describe("a call", () => {
  test("goes out as an envelope of version 1 and resolves with its own reply", async () => {
    const first = bridge.call("settings.set", { key: "volume", value: 0.5 });
    const second = bridge.call("connection.get", {});
    expect(pipe.sent).toEqual([
      { v: 1, id: 1, method: "settings.set", params: { key: "volume", value: 0.5 } },
      { v: 1, id: 2, method: "connection.get", params: {} },
    ]);
    pipe.program({ id: 2, ok: true, result: { url: "ws://127.0.0.1:1" } });
    pipe.program({ id: 1, ok: true, result: { settings: {} } });
    await expect(second).resolves.toEqual({ url: "ws://127.0.0.1:1" });
    await expect(first).resolves.toEqual({ settings: {} });
  });

  test("rejects with the program's own error", async () => {
    const call = failureOf(bridge.call("connection.get", {}));
    const error = { code: "stack_down", message: "The stack is down.", hint: "Start it.", retryable: true, field: "stack" };
    pipe.program({ id: 1, ok: false, error });
    expect(await call).toMatchObject(error);
  });

  test("rejects at once when it is not taken", async () => {
    pipe.taken = JSON.stringify({ v: 1, ok: false, error: { code: "refused", message: "No.", hint: "", retryable: false } });
    expect((await failureOf(bridge.call("app.quit", {}))).code).toBe("refused");
  });

  test("rejects as internal when the slot threw, which Qt answers with nothing", async () => {
    pipe.taken = "";
    expect((await failureOf(bridge.call("app.quit", {}))).code).toBe("internal");
  });

  test("rejects as a timeout after ten seconds, and a late reply changes nothing", async () => {
    const call = failureOf(bridge.call("page.mark", { name: "connected", at: 1 }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await call).code).toBe("timeout");
    pipe.program({ id: 1, ok: true, result: {} });
  });

  test("for a connection waits as long as a first start of the stack may take", async () => {
    const call = failureOf(bridge.call("connection.get", {}));
    await vi.advanceTimersByTimeAsync(89_000);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await call).code).toBe("timeout");
  });

  test("larger than an envelope may be is refused before it is sent", async () => {
    const call = bridge.call("log", { level: "info", message: "x".repeat(300_000), context: {} });
    expect((await failureOf(call)).code).toBe("too_large");
    expect(pipe.sent).toHaveLength(0);
  });

  test("is rejected when the bridge is closed, before and after", async () => {
    const pending = failureOf(bridge.call("app.quit", {}));
    bridge.close();
    expect((await pending).code).toBe("bridge_closed");
    expect((await failureOf(bridge.call("app.quit", {}))).code).toBe("bridge_closed");
  });
});

describe("an event", () => {
  test("reaches every listener, also when one of them throws", () => {
    const heard: string[] = [];
    bridge.on("stack.state", () => {
      throw new Error("broken listener");
    });
    bridge.on("stack.state", ({ part, state }) => heard.push(`${part} ${state}`));
    pipe.program({ event: "stack.state", data: { part: "agent", state: "ready" } });
    expect(heard).toEqual(["agent ready"]);
  });

  test("is not heard any more after the listener left", () => {
    const heard = vi.fn();
    const leave = bridge.on("shutdown", heard);
    pipe.program({ event: "shutdown", data: {} });
    leave();
    pipe.program({ event: "shutdown", data: {} });
    expect(heard).toHaveBeenCalledTimes(1);
  });

  test("that is unknown, of another version or unreadable is dropped", () => {
    const heard = vi.fn();
    bridge.on("shutdown", heard);
    pipe.program({ event: "party", data: {} });
    pipe.program('{"v": 2, "event": "shutdown"}');
    pipe.program("not json");
    expect(heard).not.toHaveBeenCalled();
  });
});

test("an error that cannot be read becomes a protocol error", async () => {
  const call = failureOf(bridge.call("app.quit", {}));
  pipe.program({ id: 1, ok: false, error: "oops" });
  expect((await call).code).toBe("protocol");
});
