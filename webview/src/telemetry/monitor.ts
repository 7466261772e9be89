/** Measures the conversation and tells the program: heartbeat, marks, turns, diagnostics. */
import type { Bridge, PageStatus, TurnReport } from "../bridge";
import type { Observer } from "../session/conversation";
import type { PictureStats, PlayerEvents, Stage } from "../session/player";
import type { Activity } from "../session/phase";
import type { SessionStore } from "../session/store";
import { toEpoch } from "./clock";
import { Turns } from "./turns";
import type { VoiceActivity } from "./voice-activity";

const HEARTBEAT_MS = 1000;
/** Changes within this time go out as one status. */
const CHANGE_MS = 50;
const LEVEL_MS = 50;

export class Monitor implements Observer {
  readonly #store: SessionStore;
  readonly #bridge: Bridge;
  readonly #voice: VoiceActivity;
  readonly #turns: Turns;
  readonly #timers: ReturnType<typeof setInterval>[];
  #stage: Stage | null = null;
  #agent: string | null = null;
  #avatar: string | null = null;
  #frames = 0;
  #lastTurnMs: number | null = null;
  #pending: ReturnType<typeof setTimeout> | undefined;

  constructor(store: SessionStore, bridge: Bridge, voice: VoiceActivity) {
    this.#store = store;
    this.#bridge = bridge;
    this.#voice = voice;
    this.#turns = new Turns({
      voice: () => voice.last,
      captions: () => store.captions.value,
      onTurn: (report) => this.#told(report),
    });
    this.#timers = [setInterval(() => this.#beat(), HEARTBEAT_MS), setInterval(() => this.#meter(), LEVEL_MS)];
    let before: Activity = "waiting";
    store.activity.subscribe((activity) => {
      if (before === "waiting" && activity !== "waiting") this.#turns.agentReady(performance.now());
      before = activity;
    });
    for (const part of [store.state, store.microphone, store.captions, store.problem]) part.subscribe(() => this.#changed());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#pending);
    this.#turns.close();
  }

  get turns(): number {
    return this.#turns.count;
  }

  stageOpened(stage: Stage): void {
    this.#stage = stage;
    const { player } = stage;
    const turns = this.#turns;
    const on = <E extends keyof PlayerEvents>(event: E, handler: (...args: PlayerEvents[E]) => void): void =>
      player.on(event, handler);
    on("round-start", ({ round }) => turns.roundStart(round));
    on("first-motion", ({ round, at }) => turns.firstMotion(round, at));
    on("first-audio", ({ round, at }) => turns.firstAudio(round, at));
    on("round-end", ({ round, reason }) => turns.roundEnd(round, reason === "interrupted"));
    on("interrupted", ({ round, at, silentAt }) => turns.interrupted(round, at, silentAt));
    on("disconnected", () => turns.close());
  }

  mark(name: string): void {
    this.#send(this.#bridge.call("page.mark", { name, at: Math.round(toEpoch(performance.now())) }));
  }

  typed(): void {
    this.#turns.typed(performance.now());
  }

  people(present: { readonly agent: string | null; readonly avatar: string | null }): void {
    this.#agent = present.agent;
    this.#avatar = present.avatar;
    this.#changed();
  }

  /** How the last second was drawn; null while nothing is. For benches. */
  picture(): PictureStats | null {
    return this.#stage?.stats() ?? null;
  }

  /** What the page is doing now; also what tests read. */
  status(): PageStatus {
    const store = this.#store;
    const lines = store.captions.value;
    const last = (speaker: "user" | "avatar"): string => lines.findLast((line) => line.speaker === speaker)?.text ?? "";
    return {
      state: store.phase.value === "failed" ? "error" : store.state.value === "waiting" ? "ready" : store.state.value,
      room: this.#stage?.player.getNativeClient()?.state ?? "disconnected",
      avatar: this.#avatar ?? (store.avatarVisible.value ? "idle" : store.loading.value === null ? "none" : "loading"),
      agent: this.#agent ?? "none",
      mic: store.microphone.value.status,
      lastHeard: last("user"),
      lastSaid: last("avatar"),
      frames: this.#frames,
      captions: lines.length,
      turns: this.#turns.count,
      mouth: this.#stage?.mouth() ?? null,
      hearing: store.microphone.value.status === "open" && this.#voice.speaking(performance.now()),
      problem: store.problem.value?.code ?? null,
      hidden: document.hidden,
    };
  }

  #beat(): void {
    this.#frames += Math.round(this.#stage?.stats()?.fps ?? 0);
    this.#send(this.#bridge.call("page.status", this.status()));
    this.#diagnose();
  }

  /** Once a second: what the overlay shows; while the avatar speaks the program is told too. */
  #diagnose(): void {
    const stats = this.#stage?.stats() ?? null;
    const measured = this.#stage?.player.measurements() ?? null;
    const found = {
      avOffsetMs: measured?.avOffsetMs ?? null,
      lock: measured?.lock ?? "none",
      fps: stats?.fps ?? null,
      frameMs: stats?.frameMs ?? null,
      resolution: stats === null ? null : ([stats.width, stats.height] as const),
      motion: measured?.motion ?? {},
      lastTurnMs: this.#lastTurnMs,
    };
    this.#store.diagnostics.value = found;
    if (this.#store.activity.value !== "speaking") return;
    this.#send(this.#bridge.call("diagnostics", { ...found, avOffset: measured?.offset ?? null }));
  }

  #meter(): void {
    const level = this.#store.microphone.value.status === "open" ? this.#voice.level : 0;
    // Steps too small to see would only make the page draw.
    const rounded = Math.round(level * 24) / 24;
    if (rounded !== this.#store.micLevel.value) this.#store.micLevel.value = rounded;
  }

  #changed(): void {
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#send(this.#bridge.call("page.status", this.status()));
    }, CHANGE_MS);
  }

  #told(report: TurnReport): void {
    if (report.user_end_to_first_audio_ms !== null) this.#lastTurnMs = report.user_end_to_first_audio_ms;
    this.#send(this.#bridge.call("page.turn", report));
    this.#changed();
  }

  /** The program may be gone: measuring goes on, the failure is on the console already. */
  #send(call: Promise<unknown>): void {
    call.catch(() => undefined);
  }
}
