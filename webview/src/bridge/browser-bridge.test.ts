import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { BrowserBridge } from "./browser-bridge";
import { BridgeError } from "./error";

const ENDPOINT = "http://127.0.0.1:4000/token";

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

function bridge(query: string): BrowserBridge {
  return new BrowserBridge(new URLSearchParams(query), localStorage);
}

function answer(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetched = vi.fn().mockResolvedValue(new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

test("a connection comes from the token source, asked by its standard schema", async () => {
  const fetched = answer(200, { server_url: "ws://127.0.0.1:7880", participant_token: "jwt" });
  const connection = await bridge(`tokenSource=${ENDPOINT}&room=lobby&avatarId=nova`).call("connection.get", {});
  expect(connection).toMatchObject({ url: "ws://127.0.0.1:7880", token: "jwt", roomName: "lobby", avatarId: "nova" });
  const [url, request] = fetched.mock.calls[0] as [string, { method: string; body: string }];
  expect([url, request.method]).toEqual([ENDPOINT, "POST"]);
  expect(JSON.parse(request.body)).toEqual({ room_name: "lobby", participant_identity: connection.identity });
});

test.each([
  ["refuses", 403, {}],
  ["answers something else", 200, { token: "jwt" }],
])("a token source that %s is an error with a hint", async (_, status, body) => {
  answer(status, body);
  const error: unknown = await bridge(`tokenSource=${ENDPOINT}`)
    .call("connection.get", {})
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BridgeError);
  expect(error).toMatchObject({ code: "token_source", retryable: true });
  expect((error as BridgeError).hint).toContain(ENDPOINT);
});

test("without a token source a connection is refused for good", async () => {
  await expect(bridge("").call("connection.get", {})).rejects.toMatchObject({ code: "token_source", retryable: false });
});

test("settings hold over a reload, and a change is told", async () => {
  const first = bridge("");
  const heard = vi.fn();
  first.on("settings.changed", heard);
  await first.call("settings.set", { key: "volume", value: 0.25 });
  expect(heard).toHaveBeenCalledTimes(1);
  const { settings } = await bridge("").call("hello", { bridge: 1, page: "0.1.0" });
  expect(settings.volume).toBe(0.25);
});

test("stored settings that make no sense are not believed", async () => {
  localStorage.setItem("avatardesk.settings", '{"volume": "loud", "captions": false, "assetUrl": "https://example.com/x.glb"}');
  const { settings } = await bridge("").call("hello", { bridge: 1, page: "0.1.0" });
  expect(settings).toMatchObject({ volume: 1, captions: false, assetUrl: null });
});

test("kiosk and its idle time come from the query", async () => {
  const hello = await bridge("kiosk=1&idleResetSeconds=20").call("hello", { bridge: 1, page: "0.1.0" });
  expect(hello.kiosk).toBe(true);
  expect(hello.settings.idleResetSeconds).toBe(20);
});
