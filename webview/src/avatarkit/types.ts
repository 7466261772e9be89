/** Configuration and states of the SDK. String enums whose value is their name, as AvatarKit has them. */
import type { LogLevel } from "./log";

/** Which cloud an app id belongs to (older SDK). */
export enum Environment {
  cn = "cn",
  intl = "intl",
}

/**
 * Who drives the avatar. `host`, `backend` and `rtc` name the mode this client implements: motion comes with the
 * call. `sdk` and `direct` (the page talks to the avatar cloud by itself) are accepted so that an app starts, and
 * refused where they would be used.
 */
export enum DrivingServiceMode {
  sdk = "sdk",
  host = "host",
  direct = "direct",
  backend = "backend",
  rtc = "rtc",
}

/** State of the SDK's own connection; only `direct` mode would change it. */
export enum ConnectionState {
  disconnected = "disconnected",
  connecting = "connecting",
  connected = "connected",
  failed = "failed",
}

/** What the avatar does with its turn. */
export enum ConversationState {
  idle = "idle",
  playing = "playing",
  pausing = "pausing",
}

/** PCM the SDK's own player would take; RTC Mode has no use for it. */
export interface AudioFormat {
  readonly channelCount: 1;
  readonly sampleRate: 8000 | 16000 | 22050 | 24000 | 32000 | 44100 | 48000;
}

/** Region of the avatar cloud (newer SDK). */
export type Region = "us-west" | "ap-northeast" | "cn-beijing";

/** Options of {@link AvatarSDK.initialize}. */
export interface Configuration {
  readonly environment?: Environment | `${Environment}`;
  readonly region?: Region;
  readonly drivingServiceMode?: DrivingServiceMode | `${DrivingServiceMode}`;
  readonly logLevel?: LogLevel | `${LogLevel}`;
  readonly audioFormat?: AudioFormat;
  /** Where avatars are downloaded from: a URL, also relative to the page. Default: `avatars/` beside the page. */
  readonly assetBaseUrl?: string;
}

/** Progress of {@link AvatarManager.load}. */
export interface LoadProgressInfo {
  readonly type: "downloading" | "completed" | "failed";
  /** Percent, 0 to 100. */
  readonly progress?: number;
  readonly error?: Error;
}
