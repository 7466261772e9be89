/** The conversation: a provider carries it, a view shows it. */
import { Logger, LogLevel } from "../avatarkit/log";
import { ConversationState } from "../avatarkit/types";
import type { AvatarView } from "../avatarkit/view";
import { Emitter } from "./emitter";
import { FRAME_MS, MotionKind } from "./motion/codec";
import { emptyCounters, type MotionCounters } from "./motion/buffer";
import type { Round } from "./motion/round";
import { Performer, type Voice } from "./performer";
import { type Cue, DEFAULT_TRANSITIONS, Playback, type PlaybackListener } from "./playback";
import {
  type AvatarPlayerEvents,
  type AvatarPlayerOptions,
  ConnectionState,
  type MotionStats,
  type ProviderCallbacks,
  type RTCConnectionConfig,
  RTCError,
  type RTCLogLevel,
  type RTCProvider,
} from "./types";

/** The view, as far as the player needs it. */
export type PlayerView = Pick<AvatarView, "renderFrame" | "currentFrame" | "addFrameDriver" | "controller" | "isReady">;

/** What a call amounted to; for diagnostics. */
export interface SessionSummary {
  readonly connectedMs: number;
  readonly reconnects: number;
  readonly rounds: number;
  readonly interruptions: number;
  readonly motion: MotionCounters;
}

const LOG_LEVELS: Readonly<Record<RTCLogLevel, LogLevel>> = {
  info: LogLevel.all,
  warning: LogLevel.warning,
  error: LogLevel.error,
  none: LogLevel.off,
};
const STATS_MS = 1000;
const RECONNECT_PAUSE_MS = 500;
/** Without pictures for this long (a hidden window), the timer keeps the rounds going. */
const HIDDEN_MS = 400;

/** AvatarKit's player for RTC Mode: connects, and moves the avatar as the voice is heard. */
export class AvatarPlayer<Native = unknown> extends Emitter<AvatarPlayerEvents> {
  private readonly log: Logger;
  private readonly playback: Playback;
  private readonly performers = new Map<string, Performer>();
  private readonly voices = new Map<string, Voice>();
  private current: Performer | null = null;
  private removeDriver: (() => void) | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private lastTick = Number.NEGATIVE_INFINITY;
  private lastConfig: RTCConnectionConfig | null = null;
  private mode: "none" | "managed" | "attached" = "none";
  private publishing: "none" | "microphone" | "track" = "none";
  private reconnecting = false;
  private offsetMs: number;
  /** Counters of participants that left. */
  private readonly departed = emptyCounters();
  private readonly interruptedAt = new WeakMap<Round, number>();
  private readonly summary = { connectedAt: 0, connectedMs: 0, reconnects: 0, rounds: 0, interruptions: 0 };

  constructor(
    private readonly provider: RTCProvider<Native>,
    private readonly view: PlayerView,
    private readonly options: AvatarPlayerOptions = {},
  ) {
    super();
    this.log = new Logger("avatarkit-rtc", LOG_LEVELS[options.logLevel ?? "warning"]);
    this.offsetMs = options.avOffsetMs ?? 0;
    this.playback = new Playback(view, this.playbackListener(), {
      transitionStartFrameCount: options.transitionStartFrameCount ?? DEFAULT_TRANSITIONS.transitionStartFrameCount,
      transitionEndFrameCount: options.transitionEndFrameCount ?? DEFAULT_TRANSITIONS.transitionEndFrameCount,
    });
  }

  /** The call stands. */
  get isConnected(): boolean {
    return this.provider.connectionState === ConnectionState.connected;
  }

  getConnectionState(): ConnectionState {
    return this.provider.connectionState;
  }

  /** The provider's client (LiveKit: the Room); null until connected. */
  getNativeClient(): Native | null {
    return this.provider.getNativeClient();
  }

  /** Figures of this player's calls so far. */
  get sessionSummary(): SessionSummary {
    const { connectedAt, connectedMs, ...counts } = this.summary;
    const running = connectedAt > 0 ? performance.now() - connectedAt : 0;
    return { ...counts, connectedMs: connectedMs + running, motion: this.counters() };
  }

  /** What the sound takes beyond what the browser knows of (Bluetooth): positive draws the picture later. */
  get avOffsetMs(): number {
    return this.offsetMs;
  }

  set avOffsetMs(milliseconds: number) {
    if (!Number.isFinite(milliseconds)) throw new RangeError("avOffsetMs must be a number");
    this.offsetMs = milliseconds;
  }

  /**
   * Joins the call.
   *
   * @throws RTCError - `Already connected. Please disconnect first.`; refused token, unreachable room, time-out
   */
  async connect(config: RTCConnectionConfig): Promise<void> {
    if (this.mode !== "none") throw new RTCError("internal", "Already connected. Please disconnect first.");
    this.mode = "managed";
    this.lastConfig = config;
    this.begin();
    try {
      await this.provider.connect(config);
    } catch (error) {
      this.finish();
      throw error;
    }
    this.summary.connectedAt = performance.now();
    this.emit("connected");
  }

  /** Leaves the call; the avatar blends to idle. Does nothing when there is no call. */
  async disconnect(): Promise<void> {
    if (this.mode !== "managed") return;
    await this.leaveCall();
    this.emit("disconnected", "client_initiated");
  }

  /**
   * Leaves if need be and joins again, with the configuration of the last call or a fresh one from `refreshConfig`.
   * The microphone is published again if it was. A second call while one runs is ignored.
   *
   * @throws RTCError - `Cannot reconnect: no previous connection.`; whatever connect() throws
   */
  async reconnect(): Promise<void> {
    if (this.reconnecting) return;
    const last = this.lastConfig;
    if (!last) throw new RTCError("internal", "Cannot reconnect: no previous connection.");
    this.reconnecting = true;
    const publish = this.publishing === "microphone";
    try {
      if (this.mode === "managed") {
        await this.leaveCall();
        this.emit("disconnected", "client_initiated");
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
      const config = this.options.refreshConfig ? await this.options.refreshConfig(last) : last;
      await this.connect(config);
      this.summary.reconnects += 1;
      if (publish) await this.startPublishing();
    } finally {
      this.reconnecting = false;
    }
  }

  /** Warms the connection up; joins nothing. */
  async prepareConnection(config: RTCConnectionConfig): Promise<void> {
    await this.provider.prepareConnection(config);
  }

  /** Follows a client the host owns (LiveKit: a Room not yet connected). The host plays the audio. */
  attach(client: Native): void {
    if (this.mode !== "none") throw new RTCError("internal", "Already connected. Please disconnect first.");
    this.begin();
    try {
      this.provider.attach(client);
    } catch (error) {
      this.finish();
      throw error;
    }
    this.mode = "attached";
  }

  /** Lets go of the host's client, which goes on; the avatar blends to idle. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a promise, as in AvatarKit
  async detach(): Promise<void> {
    if (this.mode !== "attached") return;
    this.provider.detach();
    this.finish();
  }

  /** Publishes the microphone; asks for permission if need be. */
  async startPublishing(): Promise<void> {
    this.mustBeConnected();
    await this.provider.publishAudioTrack();
    this.publishing = "microphone";
  }

  /** Unpublishes and releases the microphone. */
  async stopPublishing(): Promise<void> {
    this.publishing = "none";
    await this.provider.unpublishAudioTrack();
  }

  /** Publishes a track of the host's. */
  async publishAudio(track: MediaStreamTrack): Promise<void> {
    this.mustBeConnected();
    await this.provider.publishAudioTrack(track);
    this.publishing = "track";
  }

  /** Unpublishes the host's track, without stopping it. */
  async unpublishAudio(): Promise<void> {
    this.publishing = "none";
    await this.provider.unpublishAudioTrack();
  }

  /** Lets sound play; call it in a click after an `audio-playback` event with `allowed: false`. */
  async startAudio(): Promise<void> {
    await this.provider.startAudio();
  }

  /** Motion counters and the state of the lock now; null before an avatar has spoken. */
  motionStats(): MotionStats | null {
    const { current } = this;
    if (!current) return null;
    const now = performance.now();
    const shown = this.playback.shown;
    return {
      ...this.counters(),
      participant: current.identity,
      round: current.motion.newest?.id ?? null,
      bufferedMs: shown ? Math.max(0, (shown.round.newest + 1) * FRAME_MS - shown.media) : 0,
      lock: current.lock.diagnostics(now),
    };
  }

  private mustBeConnected(): void {
    if (this.mode === "none") throw new RTCError("internal", "Not connected. Please call connect() first.");
  }

  private begin(): void {
    this.provider.setCallbacks(this.callbacks);
    this.removeDriver ??= this.view.addFrameDriver((now) => this.tick(now));
    this.timer ??= setInterval(() => this.everySecond(), STATS_MS);
  }

  private async leaveCall(): Promise<void> {
    try {
      if (this.publishing !== "none") await this.provider.unpublishAudioTrack();
      await this.provider.disconnect();
    } finally {
      this.finish();
    }
  }

  /** After the call. The driver stays: the blend to idle is still to be drawn. */
  private finish(): void {
    this.mode = "none";
    this.publishing = "none";
    this.provider.setCallbacks(null);
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    if (this.summary.connectedAt > 0) {
      this.summary.connectedMs += performance.now() - this.summary.connectedAt;
      this.summary.connectedAt = 0;
    }
    this.goIdle();
  }

  private goIdle(): void {
    for (const identity of [...this.performers.keys()]) this.dropPerformer(identity);
    this.voices.clear();
    this.playback.leave(performance.now());
  }

  private counters(): MotionCounters {
    const sum = { ...this.departed };
    for (const performer of this.performers.values()) add(sum, performer.motion.counters);
    return sum;
  }

  private dropPerformer(identity: string): void {
    const performer = this.performers.get(identity);
    if (!performer) return;
    add(this.departed, performer.motion.counters);
    performer.close();
    this.performers.delete(identity);
    if (this.current === performer) this.current = null;
  }

  private performer(identity: string): Performer {
    const known = this.performers.get(identity);
    if (known) return known;
    const performer = new Performer(identity, {
      onFirstAudio: (round, at) => this.emit("first-audio", { round: round.id, at }),
      onSilent: (round, silentAt) => {
        const at = this.interruptedAt.get(round) ?? silentAt;
        this.emit("interrupted", { round: round.id, at, silentAt: Math.max(at, silentAt) });
      },
    });
    performer.setVoice(this.voices.get(identity) ?? null);
    this.performers.set(identity, performer);
    return performer;
  }

  private tick(now: number): void {
    this.lastTick = now;
    for (const performer of this.performers.values()) performer.poll(now);
    const cue = this.cue(now);
    this.playback.tick(now, cue);
    const shown = this.playback.shown;
    if (shown && this.current) {
      this.current.lock.drawn(now, shown.round.frameToTrack(shown.media / FRAME_MS) + this.offsetMs);
    }
  }

  /** Of several avatars, the one whose round began last. */
  private cue(now: number): Cue | null {
    let best: Cue | null = null;
    for (const performer of this.performers.values()) {
      const cue = performer.cue(now, this.offsetMs, this.playback.leadMs);
      if (!cue || (best && cue.round.bornAt <= best.round.bornAt)) continue;
      best = cue;
      this.current = performer;
    }
    return best;
  }

  private everySecond(): void {
    const now = performance.now();
    if (now - this.lastTick > HIDDEN_MS) this.tick(now);
    const stats = this.motionStats();
    if (stats) this.emit("motion-stats", stats);
  }

  private readonly callbacks: ProviderCallbacks = {
    onConnectionState: (state) => this.emit("connection-state-changed", state),
    onDisconnected: (reason) => {
      if (this.mode === "managed") this.finish();
      else this.goIdle();
      this.emit("disconnected", reason);
    },
    onError: (error) => {
      this.log.error(error.message);
      this.emit("error", error);
    },
    onMotion: (identity, bytes) => this.takeMotion(identity, bytes),
    onVoice: (identity, voice) => {
      if (voice) this.voices.set(identity, voice);
      else this.voices.delete(identity);
      this.performers.get(identity)?.setVoice(voice);
    },
    onParticipantLeft: (identity) => {
      this.voices.delete(identity);
      this.dropPerformer(identity);
    },
    onAudioPlayback: (allowed) => this.emit("audio-playback", { allowed }),
  };

  private takeMotion(identity: string, bytes: Uint8Array): void {
    const performer = this.performer(identity);
    const { counters } = performer.motion;
    const now = performance.now();
    const effect = performer.push(bytes, now);
    if (!effect) {
      if (counters.malformed === 1) this.log.warn(`${identity} sent a motion message that breaks the protocol`);
      return;
    }
    if (effect.message.kind === MotionKind.INTERRUPTED) {
      this.interruptedAt.set(effect.round, now);
      this.summary.interruptions += 1;
    }
  }

  private playbackListener(): PlaybackListener {
    return {
      onBegin: (round, at) => {
        this.summary.rounds += 1;
        this.view.controller.setConversationState(ConversationState.playing);
        this.emit("round-start", { round: round.id, participant: this.current?.identity ?? "", at });
      },
      onFirstMotion: (round, at) => this.emit("first-motion", { round: round.id, at }),
      onEnd: (round, reason, at) => {
        this.view.controller.setConversationState(ConversationState.idle);
        this.emit("round-end", { round: round.id, reason, at });
      },
      onPaused: () => this.view.controller.setConversationState(ConversationState.pausing),
      onLost: (_, frames) => {
        if (this.current) this.current.motion.counters.lost += frames;
      },
      onStalled: () => {
        if (this.current) this.current.motion.counters.stalls += 1;
        this.log.warn("no motion for 3 s in mid-round; the avatar goes idle");
        this.emit("stalled");
      },
    };
  }
}

function add(sum: MotionCounters, more: MotionCounters): void {
  sum.messages += more.messages;
  sum.malformed += more.malformed;
  sum.frames += more.frames;
  sum.recovered += more.recovered;
  sum.lost += more.lost;
  sum.late += more.late;
  sum.stalls += more.stalls;
}
