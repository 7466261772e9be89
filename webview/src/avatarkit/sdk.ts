/** The SDK's entry: one application id and one configuration for the life of the page. */
import { AvatarError, AvatarErrorCode } from "./errors";
import { Logger, LogLevel } from "./log";
import { type Configuration, DrivingServiceMode, Environment } from "./types";

/** Version of this client. */
export const VERSION = "0.1.0";

/** The SDK's log; its level is set by {@link AvatarSDK.initialize}. */
export const log = new Logger("avatarkit", LogLevel.error);

interface SdkState {
  appId: string | null;
  configuration: Configuration | null;
  sessionToken: string | null;
  userId: string | null;
}

const state: SdkState = { appId: null, configuration: null, sessionToken: null, userId: null };
const cleanups = new Set<() => void>();

function isOneOf(values: object, value: string): boolean {
  return Object.values(values).includes(value);
}

/** Static entry point, as in AvatarKit. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- AvatarKit's API is a class of statics
export class AvatarSDK {
  /**
   * Prepares the SDK. Must be called before an avatar is loaded. Calling it again with the same app id replaces the
   * configuration; another app id needs {@link AvatarSDK.cleanup} first.
   *
   * @throws AvatarError - empty app id, another app id than before, or an unknown mode or environment
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- a rejection, not an exception, as in AvatarKit
  static async initialize(appId: string, configuration: Configuration = {}): Promise<void> {
    if (appId.trim() === "") throw new AvatarError(AvatarErrorCode.appIDUnrecognized, "The app id is empty.");
    if (state.appId !== null && state.appId !== appId) {
      throw new AvatarError(
        AvatarErrorCode.appIDUnrecognized,
        "The SDK is initialized with another app id. Call AvatarSDK.cleanup() first.",
      );
    }
    const { drivingServiceMode, environment, logLevel } = configuration;
    if (drivingServiceMode !== undefined && !isOneOf(DrivingServiceMode, drivingServiceMode)) {
      throw new AvatarError(AvatarErrorCode.notSupportedInMode, `Driving service mode "${drivingServiceMode}" is unknown.`);
    }
    if (environment !== undefined && !isOneOf(Environment, environment)) {
      throw new AvatarError(AvatarErrorCode.appIDUnrecognized, `Environment "${environment}" is unknown.`);
    }
    log.setLevel(LogLevel[logLevel ?? "off"]);
    state.appId = appId;
    state.configuration = configuration;
  }

  /** Keeps a session token of the avatar cloud. RTC Mode needs none; it is never the token of the room. */
  static setSessionToken(token: string): void {
    state.sessionToken = token;
  }

  /** A name for logs. */
  static setUserId(userId: string): void {
    state.userId = userId;
  }

  /** Releases everything: loaded avatars, tokens, configuration. Views must be disposed by their owners. */
  static cleanup(): void {
    for (const clean of cleanups) clean();
    Object.assign(state, { appId: null, configuration: null, sessionToken: null, userId: null });
  }

  static get isInitialized(): boolean {
    return state.appId !== null;
  }

  static get appId(): string | null {
    return state.appId;
  }

  static get configuration(): Configuration | null {
    return state.configuration;
  }

  static get sessionToken(): string | null {
    return state.sessionToken;
  }

  static get userId(): string | null {
    return state.userId;
  }

  static get version(): string {
    return VERSION;
  }

  /** Whether this browser can draw an avatar (WebGL 2). */
  static isDeviceSupported(): boolean {
    return document.createElement("canvas").getContext("webgl2") !== null;
  }
}

/** Has `clean` called by {@link AvatarSDK.cleanup}. */
export function onCleanup(clean: () => void): void {
  cleanups.add(clean);
}

/** The mode in force; RTC when none was given. */
export function drivingServiceMode(): DrivingServiceMode {
  return DrivingServiceMode[state.configuration?.drivingServiceMode ?? "rtc"];
}
