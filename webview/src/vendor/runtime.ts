/**
 * What an app needs of AvatarKit, whoever made it: our own client, or the vendor's packages. Only what both have, in
 * the shapes of the vendor's documentation.
 */
import type { LiveKitConnectionConfig } from "../avatarkit-rtc/types";

/** Which client draws the avatar. */
export type RuntimeKind = "open" | "vendor";

/** A loaded avatar; opaque. */
export type RuntimeAvatar = object;

/** Progress of a load; percent in some releases, a fraction in others: see {@link AvatarRuntime.loadFraction}. */
export interface RuntimeLoadProgress {
  readonly type: string;
  readonly progress?: number;
  readonly error?: Error;
}

/** Static entry. */
export interface RuntimeSDK {
  initialize(appId: string, configuration: Readonly<Record<string, unknown>>): Promise<void>;
  setSessionToken(token: string): void;
  cleanup(): void;
}

/** Loader of avatars. Older releases answer null instead of rejecting. */
export interface RuntimeManager {
  load(id: string, onProgress?: (info: RuntimeLoadProgress) => void): Promise<RuntimeAvatar | null>;
}

/** An avatar in a container. */
export interface RuntimeView {
  onFirstRendering?: (() => void) | null;
  dispose(): void;
}

/** Events that every release of the adapter has. */
export interface RuntimePlayerEvents {
  connected: [];
  disconnected: [reason?: string];
  stalled: [];
  error: [error: Error];
  "connection-state-changed": [state: string];
}

/** The call, by the methods that every release of the adapter has. */
export interface RuntimePlayer {
  readonly isConnected: boolean;
  connect(config: LiveKitConnectionConfig): Promise<void>;
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
  startPublishing(): Promise<void>;
  stopPublishing(): Promise<void>;
  publishAudio(track: MediaStreamTrack): Promise<void>;
  unpublishAudio(): Promise<void>;
  getConnectionState(): string;
  getNativeClient(): unknown;
  on<K extends keyof RuntimePlayerEvents>(event: K, handler: (...args: RuntimePlayerEvents[K]) => void): void;
  off<K extends keyof RuntimePlayerEvents>(event: K, handler: (...args: RuntimePlayerEvents[K]) => void): void;
}

/** The carrier of the call. */
export type RuntimeProvider = object;

/** One client, ready to be used. */
export interface AvatarRuntime {
  readonly kind: RuntimeKind;
  /** Where it came from, for diagnostics. */
  readonly source: string;
  readonly AvatarSDK: RuntimeSDK;
  readonly AvatarManager: { readonly shared: RuntimeManager };
  readonly AvatarView: new (avatar: RuntimeAvatar, container: HTMLElement) => RuntimeView;
  readonly AvatarPlayer: new (
    provider: RuntimeProvider,
    view: RuntimeView,
    options?: Readonly<Record<string, unknown>>,
  ) => RuntimePlayer;
  readonly LiveKitProvider: new () => RuntimeProvider;
  /** Progress of a load as 0..1. */
  loadFraction(info: RuntimeLoadProgress): number;
}

/** A progress whose unit is not known as 0..1: beyond 1 it can only be percent. */
export function guessFraction({ type, progress }: RuntimeLoadProgress): number {
  if (type === "completed") return 1;
  const value = progress ?? 0;
  return Math.min(1, Math.max(0, value > 1 ? value / 100 : value));
}
