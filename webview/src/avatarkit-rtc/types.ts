/** Contracts of the RTC adapter: configuration, states, events, and what a provider must do. */
import type { LockDiagnostics } from "./lock/heard";
import type { MotionCounters } from "./motion/buffer";
import type { RoundEnd } from "./motion/round";
import type { Voice } from "./performer";

/** How the call stands. */
export enum ConnectionState {
  disconnected = "disconnected",
  connecting = "connecting",
  connected = "connected",
  reconnecting = "reconnecting",
  failed = "failed",
}

/** Where to call. The token decides the room; `roomName` is for people. */
export interface LiveKitConnectionConfig {
  readonly url: string;
  readonly token: string;
  readonly roomName?: string;
}

/** What {@link AvatarPlayer.connect} takes. */
export type RTCConnectionConfig = LiveKitConnectionConfig;

/** How much the adapter says in the console. */
export type RTCLogLevel = "info" | "warning" | "error" | "none";

/** Options of {@link AvatarPlayer}; the union of what AvatarKit's generations know, and three of our own. */
export interface AvatarPlayerOptions {
  /** Frames (25 fps) of the way from idle to speech. Default 5. */
  readonly transitionStartFrameCount?: number;
  /** Frames (25 fps) of the way from speech to idle. Default 9. */
  readonly transitionEndFrameCount?: number;
  readonly logLevel?: RTCLogLevel;
  /** Accepted for compatibility: motion is held until its sound is heard, however long that takes. */
  readonly enableJitterBuffer?: boolean;
  /** Accepted for compatibility, see {@link enableJitterBuffer}. */
  readonly maxBufferDelayMs?: number;
  /** Gives the configuration for {@link AvatarPlayer.reconnect}; a token may have expired meanwhile. */
  readonly refreshConfig?: (last: RTCConnectionConfig) => Promise<RTCConnectionConfig>;
  /** What the sound takes beyond what the browser knows of, in ms: positive draws the picture later. Default 0. */
  readonly avOffsetMs?: number;
}

/** Why a call could not be set up. */
export type RTCErrorCode = "not-allowed" | "unreachable" | "timeout" | "cancelled" | "microphone" | "internal";

/** A failure of the call. */
export class RTCError extends Error {
  override readonly name = "RTCError";

  constructor(
    readonly code: RTCErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Transport figures of the avatar's voice. */
export interface TransportStats {
  readonly packetsLost: number;
  readonly packetsReceived: number;
  readonly lossRatePct: number;
  readonly jitterMs: number;
  /** Round trip to the server, NaN until known. */
  readonly rttMs: number;
}

/** The motion channel and the lock, once a second. */
export interface MotionStats extends MotionCounters {
  readonly participant: string;
  readonly round: number | null;
  /** Motion held ahead of what is heard, in ms. */
  readonly bufferedMs: number;
  readonly lock: LockDiagnostics;
}

/** Events of {@link AvatarPlayer}. Times are performance.now(). */
export interface AvatarPlayerEvents {
  connected: [];
  disconnected: [reason: string];
  error: [error: Error];
  "connection-state-changed": [state: ConnectionState];
  /** No motion for 3 s in mid-round; the avatar went back to idle. */
  stalled: [];
  /** The avatar turns to a round. */
  "round-start": [info: { round: number; participant: string; at: number }];
  /** The first picture with a round's motion. */
  "first-motion": [info: { round: number; at: number }];
  /** The first sound of a round, as heard. */
  "first-audio": [info: { round: number; at: number }];
  "round-end": [info: { round: number; reason: RoundEnd; at: number }];
  /** A round was broken off: told at `at`, silent since `silentAt`. */
  interrupted: [info: { round: number; at: number; silentAt: number }];
  "motion-stats": [stats: MotionStats];
  /** Sound may play or not; if not, call startAudio() in a click. */
  "audio-playback": [info: { allowed: boolean }];
}

/** Told by a provider. */
export interface ProviderCallbacks {
  onConnectionState(state: ConnectionState): void;
  /** The call is over, asked for or not. */
  onDisconnected(reason: string): void;
  onError(error: Error): void;
  onMotion(identity: string, bytes: Uint8Array): void;
  /** A participant's audio came or went. */
  onVoice(identity: string, voice: Voice | null): void;
  onParticipantLeft(identity: string): void;
  onAudioPlayback(allowed: boolean): void;
}

/** What carries the call. `Native` is its client, `Host` what a host may hand in with attach(). */
export interface RTCProvider<Native = unknown> {
  readonly name: string;
  readonly connectionState: ConnectionState;
  /** Who is told; null ends it. */
  setCallbacks(callbacks: ProviderCallbacks | null): void;
  connect(config: RTCConnectionConfig): Promise<void>;
  disconnect(): Promise<void>;
  prepareConnection(config: RTCConnectionConfig): Promise<void>;
  attach(client: Native): void;
  detach(): void;
  /** Publishes the microphone, or the given track. */
  publishAudioTrack(track?: MediaStreamTrack): Promise<void>;
  unpublishAudioTrack(): Promise<void>;
  startAudio(): Promise<void>;
  getNativeClient(): Native | null;
  getTransportStats(): Promise<TransportStats | null>;
}
