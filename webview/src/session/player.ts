/** What the session needs of the avatar: the part of AvatarKit's documented flow that it drives. */
import type { Room } from "livekit-client";

import type { RuntimeSetting } from "../bridge";
import type { DisplayState } from "./phase";

/** What a player tells besides the documented events; `at` values are performance.now() milliseconds. */
export interface PlayerEvents {
  "connected": [];
  "disconnected": [reason?: string];
  "error": [error: Error];
  "connection-state-changed": [state: string];
  "stalled": [];
  "round-start": [event: { readonly round: number; readonly participant: string }];
  "first-motion": [event: { readonly round: number; readonly at: number }];
  "first-audio": [event: { readonly round: number; readonly at: number }];
  "round-end": [event: { readonly round: number; readonly reason?: string }];
  "interrupted": [event: { readonly round: number; readonly at: number; readonly silentAt: number | null }];
}

export interface ConnectConfig {
  readonly url: string;
  readonly token: string;
  readonly roomName: string;
}

export interface PlayerEmitter {
  on<E extends keyof PlayerEvents>(event: E, handler: (...args: PlayerEvents[E]) => void): void;
  off<E extends keyof PlayerEvents>(event: E, handler: (...args: PlayerEvents[E]) => void): void;
}

/** One AvatarPlayer with its LiveKitProvider. */
export interface Player extends PlayerEmitter {
  connect(config: ConnectConfig): Promise<void>;
  disconnect(): Promise<void>;
  startPublishing(): Promise<void>;
  stopPublishing(): Promise<void>;
  /** The provider's Room; null before the first connection. */
  getNativeClient(): Room | null;
  setAvOffset(ms: number): void;
  /** Loudness of the avatar's voice, 0–1, now and in later calls. */
  setVolume(volume: number): void;
  /** Measurements of the motion and its lock to the sound, or null where the runtime has none. */
  measurements(): PlayerMeasurements | null;
}

export interface PlayerMeasurements {
  /** Estimated offset of picture against sound, ms; positive = picture ahead. Null until it is known. */
  readonly avOffsetMs: number | null;
  readonly lock: string;
  /** Distribution of the offset since the lock began, for reports. */
  readonly offset: { readonly p50: number; readonly p95Abs: number; readonly n: number };
  readonly motion: Readonly<Record<string, number>>;
}

export interface PictureStats {
  readonly fps: number;
  readonly frameMs: number;
  readonly width: number;
  readonly height: number;
}

/** The avatar on the screen and the player that drives it. */
export interface Stage {
  readonly player: Player;
  show(look: StageLook): void;
  /** How the last second was drawn, or null where the runtime does not say. */
  stats(): PictureStats | null;
  /** How far the mouth on the screen is open (jawOpen, 0–1), or null where the runtime does not say. */
  mouth(): number | null;
  dispose(): void;
}

/** How the avatar is shown, whatever it says. */
export interface StageLook {
  readonly state: DisplayState;
  readonly theme: "day" | "night";
  readonly reducedMotion: boolean;
}

export interface StageRequest {
  readonly container: HTMLElement;
  /** Id of the avatar to show. */
  readonly avatar: string;
  readonly runtime: RuntimeSetting;
  /** App and avatar id of the vendor's service; called only by a runtime that needs them. */
  readonly identify: () => Promise<{ readonly appId: string; readonly avatarId: string }>;
  readonly look: StageLook;
  readonly software: boolean;
  readonly onProgress: (fraction: number) => void;
  readonly onFirstPicture: () => void;
}

/** Build the avatar: initialize → load → view → player. Rejects with an error that carries code, message and hint. */
export type OpenStage = (request: StageRequest) => Promise<Stage>;
