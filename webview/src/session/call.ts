/**
 * One call: connect with a fresh token, publish the microphone, watch the room, find the room again when it is lost.
 * It moves the phase connecting → live ⇄ reconnecting and ends in `ended` or `failed`; the avatar is not its business.
 */
import type { Room } from "livekit-client";

import { BridgeError, type Bridge } from "../bridge";
import { backoffMs, Nap } from "./backoff";
import type { Microphones } from "./microphones";
import type { Player } from "./player";
import { AGENT_MISSING, AUDIO_BLOCKED, AVATAR_MISSING, problemFrom, type Problem } from "./problems";
import { RoomWatch, type RoomHandlers } from "./room-watch";
import type { SessionStore } from "./store";

/** Tries before a first connection, and before the way back into a lost room, is given up. */
const FIRST_TRIES = 4;
const RECONNECT_TRIES = 12;
/** A second stall so soon after a reconnect is not cured by another one, ms. */
const STALL_PAUSE_MS = 30_000;
/** The adapter's own pause between leaving and joining again. */
const REJOIN_PAUSE_MS = 500;

/** Reasons a room gives for good: joining again by oneself would be wrong or useless. */
const FINAL_REASONS: Readonly<Record<string, Pick<Problem, "message" | "hint">>> = {
  duplicate_identity: {
    message: "The conversation was opened in another place.",
    hint: "Close the other one, then start again.",
  },
  participant_removed: { message: "You were removed from the room.", hint: "Start again if this was a mistake." },
};
/** The agent hung up: agents end a call by deleting its room. */
const HUNG_UP = "room_deleted";

export interface CallDeps {
  readonly store: SessionStore;
  readonly bridge: Bridge;
  readonly microphones: Microphones;
  readonly player: Player;
  /** Something worth a time stamp happened (`connected`, `mic_published`). */
  readonly mark: (name: string) => void;
  readonly onPeople: RoomHandlers["onPeople"];
  readonly random?: () => number;
}

export class Call {
  readonly #deps: CallDeps;
  readonly #nap = new Nap();
  #watch: RoomWatch | null = null;
  #closed = false;
  /** True while a connection is being made or taken down, when `disconnected` is no news. */
  #busy = false;
  #lastStall = -Infinity;
  #listened: () => void = () => undefined;

  constructor(deps: CallDeps) {
    this.#deps = deps;
    const { player } = deps;
    player.on("disconnected", this.#lost);
    player.on("connection-state-changed", this.#stateChanged);
    player.on("stalled", this.#stalled);
  }

  /** Make the first connection; the phase is `connecting` already. */
  async open(): Promise<void> {
    await this.#enter(FIRST_TRIES);
  }

  /** Leave the room and let go of everything. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { player, microphones } = this.#deps;
    player.off("disconnected", this.#lost);
    player.off("connection-state-changed", this.#stateChanged);
    player.off("stalled", this.#stalled);
    this.#nap.wake();
    this.#unwatch();
    microphones.closed();
    await leave(player);
  }

  /** Take a new connection: the program says the old one is stale. */
  async renew(): Promise<void> {
    if (this.#busy || this.#closed) {
      this.#nap.wake();
      return;
    }
    this.#deps.store.send({ type: "connection-lost" });
    await this.#enter(RECONNECT_TRIES);
  }

  /** Something came back (the local stack is ready): don't wait for the next try. */
  hurry(): void {
    this.#nap.wake();
  }

  async sendChat(text: string): Promise<void> {
    if (this.#watch === null) throw new BridgeError(NOT_CONNECTED);
    await this.#watch.sendChat(text);
  }

  async unlockAudio(): Promise<void> {
    await this.#deps.player.getNativeClient()?.startAudio();
  }

  /** Connect, with tries and pauses between them, until it works, is hopeless, or the call is closed. */
  async #enter(tries: number): Promise<void> {
    const { store } = this.#deps;
    this.#busy = true;
    try {
      for (let attempt = 1; ; attempt++) {
        if (store.phase.value === "reconnecting") store.reconnectAttempt.value = attempt;
        const error = await this.#try();
        if (this.#isClosed() || error === null) return;
        const problem = problemFrom(error, true);
        console.warn(`connecting failed (try ${attempt}): ${problem.message}`);
        if (!problem.retryable || attempt >= tries) {
          store.problem.value = problem;
          store.send({ type: "fail" });
          this.#unwatch();
          this.#deps.microphones.closed();
          return;
        }
        await this.#nap.sleep(backoffMs(attempt, (this.#deps.random ?? Math.random)()));
        if (this.#isClosed()) return;
      }
    } finally {
      this.#busy = false;
    }
  }

  /** One try with a fresh token; resolves with what went wrong, or null. */
  async #try(): Promise<unknown> {
    const { bridge, player, store, mark, microphones } = this.#deps;
    try {
      const rejoin = this.#watch !== null;
      this.#unwatch();
      await leave(player);
      if (rejoin) await pause(REJOIN_PAUSE_MS);
      const { url, token, roomName } = await bridge.call("connection.get", {});
      if (this.#isClosed()) return null;
      await player.connect({ url, token, roomName });
      const room = player.getNativeClient();
      if (this.#isClosed()) {
        await leave(player);
        return null;
      }
      if (room === null) throw new Error("The player is connected but has no room");
      this.#follow(room);
      store.send({ type: "connected" });
      this.#watch?.look();
      if (store.problem.value?.blocking) store.problem.value = null;
      mark("connected");
      // Not awaited: a permission prompt must not hold up the conversation.
      void this.#someoneListens(store.program.value?.demo === true).then(() => microphones.open(room, player)).then(() => {
        if (store.microphone.value.status === "open") mark("mic_published");
      });
      return null;
    } catch (error) {
      return error;
    }
  }

  /** A demo's recording starts with its microphone, so that one waits until the agent is there to hear it. */
  #someoneListens(recorded: boolean): Promise<void> {
    if (!recorded || this.#deps.store.activity.value !== "waiting") return Promise.resolve();
    return new Promise((resolve) => (this.#listened = resolve));
  }

  #follow(room: Room | null): void {
    if (room === null || this.#watch?.room === room) return;
    const { store, onPeople } = this.#deps;
    this.#unwatch();
    this.#watch = new RoomWatch(room, {
      onActivity: (activity) => {
        store.activity.value = store.phase.value === "live" ? activity : "waiting";
        if (activity !== "waiting") this.#listened();
      },
      onCaption: (update) => store.caption(update),
      onMissing: (link) => {
        if (link === null) store.clearProblem(AGENT_MISSING.code, AVATAR_MISSING.code);
        else store.problem.value ??= link === "agent" ? AGENT_MISSING : AVATAR_MISSING;
      },
      onAudioBlocked: (blocked) => {
        if (blocked) store.problem.value ??= AUDIO_BLOCKED;
        else store.clearProblem(AUDIO_BLOCKED.code);
      },
      onPeople,
    });
  }

  /** Asked anew after each wait: the call may have been closed meanwhile. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #unwatch(): void {
    this.#watch?.stop();
    this.#watch = null;
  }

  /** The call is over, and not by us. Not every runtime says why. */
  readonly #lost = (reason?: string): void => {
    if (this.#closed || this.#busy) return;
    const { store, microphones } = this.#deps;
    microphones.closed();
    const final = reason === undefined ? undefined : FINAL_REASONS[reason];
    if (final === undefined && reason !== HUNG_UP) {
      void this.renew();
      return;
    }
    if (final) {
      store.problem.value = { ...final, code: "removed", retryable: true, remedy: "retry", blocking: true };
      store.send({ type: "fail" });
    } else {
      store.notify("The agent has ended the conversation.");
      store.send({ type: "end" });
    }
    void this.close();
  };

  /** livekit-client's own resume: the room is being found again without our help. */
  readonly #stateChanged = (state: string): void => {
    if (this.#closed) return;
    // The room is there before it is joined: what is said at once must not be missed.
    if (state === "connecting") this.#follow(this.#deps.player.getNativeClient());
    if (this.#busy) return;
    if (state === "reconnecting") this.#deps.store.send({ type: "connection-lost" });
    else if (state === "connected") {
      this.#deps.store.send({ type: "connected" });
      this.#watch?.look();
    }
  };

  readonly #stalled = (): void => {
    const { store } = this.#deps;
    if (this.#busy || this.#closed || performance.now() - this.#lastStall < STALL_PAUSE_MS) return;
    this.#lastStall = performance.now();
    store.notify("The avatar's motion stopped arriving. Connecting again.", "warning");
    void this.renew();
  };
}

const NOT_CONNECTED = {
  code: "not_connected",
  message: "There is no conversation to write to.",
  hint: "Start one first.",
  retryable: true,
};

async function leave(player: Player): Promise<void> {
  try {
    await player.disconnect();
  } catch (error) {
    console.warn("leaving the room failed", error);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
