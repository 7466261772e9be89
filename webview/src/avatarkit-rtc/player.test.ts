import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Avatar } from "../avatarkit/avatar";
import { fakeAsset, FakeRenderer } from "../avatarkit/fake-renderer";
import { ConversationState } from "../avatarkit/types";
import { AvatarView } from "../avatarkit/view";
import { FakeProvider } from "./fake-provider";
import { MotionKind, type MotionMessage } from "./motion/codec";
import { encodeMotion } from "./motion/encode";
import { eventMessage, framesMessage } from "./motion/fake-motion";
import { AvatarPlayer } from "./player";
import type { AvatarPlayerEvents, AvatarPlayerOptions } from "./types";

const CONFIG = { url: "ws://127.0.0.1:1", token: "first", roomName: "desk" };
const EVENTS = [
  "connected",
  "disconnected",
  "error",
  "connection-state-changed",
  "stalled",
  "round-start",
  "first-motion",
  "round-end",
] as const satisfies readonly (keyof AvatarPlayerEvents)[];

function container(): HTMLElement {
  const element = document.createElement("div");
  Object.defineProperties(element, { clientWidth: { value: 320 }, clientHeight: { value: 240 } });
  document.body.append(element);
  return element;
}

function setUp(options: AvatarPlayerOptions = {}) {
  let renderer: FakeRenderer | undefined;
  const view = new AvatarView(new Avatar(fakeAsset()), container(), {
    rendererFactory: (element) => (renderer = new FakeRenderer(element)),
  });
  if (!renderer) throw new Error("the view made no renderer");
  const provider = new FakeProvider();
  const player = new AvatarPlayer(provider, view, { logLevel: "none", ...options });
  const told: string[] = [];
  for (const event of EVENTS) player.on(event, (...args: readonly unknown[]) => told.push([event, ...args.map(brief)].join(" ")));
  return { view, renderer, provider, player, told };
}

function brief(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === "object" && value !== null && "round" in value) return String(value.round);
  return String(value);
}

/** Sends a reply of `frames` frames in real time; the round begins in the track at `startMs`. */
async function reply(provider: FakeProvider, round: number, startMs: number, frames: number, from = "avatar") {
  const send = (message: MotionMessage): void => provider.callbacks?.onMotion(from, encodeMotion(message));
  const sample = startMs * 48;
  send(eventMessage(MotionKind.START, round, 0, sample));
  for (let k = 1; k < frames; k += 2) {
    send(framesMessage(round, k, sample));
    await vi.advanceTimersByTimeAsync(40);
  }
  send(eventMessage(MotionKind.END, round, frames, sample + frames * 960));
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "performance",
      "requestAnimationFrame",
      "cancelAnimationFrame",
    ],
  });
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("a player's call", () => {
  it("connects, tells so, and refuses a second call", async () => {
    const { player, provider, told } = setUp();
    await player.connect(CONFIG);
    expect(told).toEqual(["connection-state-changed connecting", "connection-state-changed connected", "connected"]);
    expect(player.isConnected).toBe(true);
    expect(player.getNativeClient()).toBe(provider);
    await expect(player.connect(CONFIG)).rejects.toThrow("Already connected. Please disconnect first.");
  });

  it("can be tried again after a failed connect", async () => {
    const { player, provider } = setUp();
    provider.failure = new Error("no room");
    await expect(player.connect(CONFIG)).rejects.toThrow("no room");
    provider.failure = null;
    await player.connect(CONFIG);
    expect(player.getConnectionState()).toBe("connected");
  });

  it("disconnects once, unpublishing first, and does nothing when there is no call", async () => {
    const { player, provider, told } = setUp();
    await player.disconnect();
    expect(provider.log).toEqual([]);
    await player.connect(CONFIG);
    await player.startPublishing();
    await player.disconnect();
    await player.disconnect();
    expect(provider.log).toEqual(["connect first", "publish microphone", "unpublish", "disconnect"]);
    expect(told.filter((event) => event.startsWith("disconnected"))).toHaveLength(1);
  });

  it("reconnects after a pause with the last configuration, and publishes the microphone again", async () => {
    const { player, provider } = setUp();
    await expect(player.reconnect()).rejects.toThrow("Cannot reconnect: no previous connection.");
    await player.connect(CONFIG);
    await player.startPublishing();
    provider.log.length = 0;
    const reconnecting = player.reconnect();
    await player.reconnect();
    await vi.advanceTimersByTimeAsync(499);
    expect(provider.log).toEqual(["unpublish", "disconnect"]);
    await vi.advanceTimersByTimeAsync(1);
    await reconnecting;
    expect(provider.log).toEqual(["unpublish", "disconnect", "connect first", "publish microphone"]);
    expect(player.sessionSummary.reconnects).toBe(1);
  });

  it("asks for a fresh token before it reconnects", async () => {
    const refreshConfig = vi.fn(() => Promise.resolve({ ...CONFIG, token: "second" }));
    const { player, provider } = setUp({ refreshConfig });
    await player.connect(CONFIG);
    provider.drop("server_shutdown");
    const reconnecting = player.reconnect();
    await vi.advanceTimersByTimeAsync(500);
    await reconnecting;
    expect(refreshConfig).toHaveBeenCalledWith(CONFIG);
    expect(provider.log).toEqual(["connect first", "connect second"]);
  });

  it("refuses to publish without a call, and publishes a track of the host's", async () => {
    const { player, provider } = setUp();
    const track = {} as MediaStreamTrack;
    await expect(player.startPublishing()).rejects.toThrow("Not connected. Please call connect() first.");
    await expect(player.publishAudio(track)).rejects.toThrow("Not connected. Please call connect() first.");
    await player.connect(CONFIG);
    await player.publishAudio(track);
    await player.unpublishAudio();
    expect(provider.log.slice(1)).toEqual(["publish track", "unpublish"]);
  });

  it("follows a host's client without connecting or disconnecting it", async () => {
    const { player, provider } = setUp();
    player.attach(provider);
    await expect(player.connect(CONFIG)).rejects.toThrow("Already connected");
    await player.disconnect();
    await player.detach();
    expect(provider.log).toEqual(["attach", "detach"]);
    expect(provider.callbacks).toBeNull();
  });

  it("does not let a broken handler keep others from being told", async () => {
    const { player, told } = setUp();
    const complain = vi.spyOn(console, "error").mockImplementation(() => undefined);
    player.on("connected", () => {
      throw new Error("handler");
    });
    player.on("connected", () => told.push("second handler"));
    await player.connect(CONFIG);
    expect(told.at(-1)).toBe("second handler");
    expect(complain).toHaveBeenCalledOnce();
    complain.mockRestore();
  });
});

describe("a player's rounds", () => {
  it("shows the motion by the delay model when there is no voice to lock to", async () => {
    const { player, provider, renderer, view, told } = setUp();
    await player.connect(CONFIG);
    told.length = 0;
    await reply(provider, 1, 1000, 100);
    expect(view.controller.conversationState).toBe(ConversationState.playing);
    await vi.advanceTimersByTimeAsync(1500);
    expect(told).toEqual(["round-start 1", "first-motion 1", "round-end 1"]);
    expect(view.controller.conversationState).toBe(ConversationState.idle);
    expect(renderer.frames.filter((frame) => frame && (frame.weights[17] ?? 0) > 0.5).length).toBeGreaterThan(40);
    expect(renderer.frames.at(-1)).toBeNull();
    expect(player.motionStats()).toMatchObject({ participant: "avatar", frames: 100, lost: 0, lock: { state: "model" } });
  });

  it("shows the avatar whose round began last", async () => {
    const { player, provider } = setUp();
    const participants: string[] = [];
    player.on("round-start", ({ participant }) => participants.push(participant));
    await player.connect(CONFIG);
    await reply(provider, 1, 1000, 40, "one");
    await reply(provider, 1, 5000, 40, "two");
    await vi.advanceTimersByTimeAsync(500);
    expect(participants).toEqual(["one", "two"]);
  });

  it("tells of a stall once, three seconds after the last motion", async () => {
    const { player, provider, renderer, told } = setUp();
    await player.connect(CONFIG);
    const send = (k: number): void => provider.callbacks?.onMotion("avatar", encodeMotion(framesMessage(1, k, 0)));
    for (let k = 1; k < 40; k += 2) {
      send(k);
      await vi.advanceTimersByTimeAsync(40);
    }
    await vi.advanceTimersByTimeAsync(2800);
    expect(told).not.toContain("stalled");
    await vi.advanceTimersByTimeAsync(3000);
    expect(told.filter((event) => event === "stalled")).toHaveLength(1);
    expect(renderer.frames.at(-1)).toBeNull();
    expect(player.motionStats()?.stalls).toBe(1);
  });

  it("notices a round's end although no pictures are drawn", async () => {
    const { player, provider, view, told } = setUp();
    await player.connect(CONFIG);
    await reply(provider, 1, 1000, 40);
    view.dispose();
    await vi.advanceTimersByTimeAsync(3000);
    expect(told.at(-1)).toBe("round-end 1");
  });

  it("blends to idle when the call breaks in mid-round", async () => {
    const { player, provider, renderer, told } = setUp();
    await player.connect(CONFIG);
    const speaking = reply(provider, 1, 1000, 200);
    await vi.advanceTimersByTimeAsync(2000);
    provider.drop("signal_close");
    expect(told.slice(-3)).toEqual(["connection-state-changed disconnected", "round-end 1", "disconnected signal_close"]);
    const count = renderer.frames.length;
    await vi.advanceTimersByTimeAsync(1000);
    const blend = renderer.frames.slice(count);
    expect(blend.length).toBeGreaterThan(20);
    expect(blend.filter((frame) => frame === null)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5000);
    await speaking;
    expect(player.isConnected).toBe(false);
  });

  it("draws the picture later for a slow loudspeaker", async () => {
    const starts = async (avOffsetMs: number): Promise<number> => {
      const { player, provider } = setUp({ avOffsetMs });
      let at = Number.NaN;
      player.on("round-start", (info) => (at = info.at));
      await player.connect(CONFIG);
      const begun = performance.now();
      await reply(provider, 1, 1000, 40);
      await vi.advanceTimersByTimeAsync(1000);
      return at - begun;
    };
    const later = (await starts(400)) - (await starts(0));
    expect(later).toBeGreaterThan(250);
    expect(later).toBeLessThan(420);
  });

  it("logs a message that breaks the protocol once and goes on", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { player, provider } = setUp({ logLevel: "warning" });
    await player.connect(CONFIG);
    for (let i = 0; i < 5; i++) provider.callbacks?.onMotion("avatar", new Uint8Array([9, 9]));
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it("forgets a participant that left, but not what it counted", async () => {
    const { player, provider } = setUp();
    await player.connect(CONFIG);
    await reply(provider, 1, 1000, 40);
    provider.callbacks?.onParticipantLeft("avatar");
    await vi.advanceTimersByTimeAsync(1000);
    expect(player.motionStats()).toBeNull();
    expect(player.sessionSummary.motion.frames).toBe(40);
  });
});
