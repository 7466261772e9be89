/**
 * A double of the vendor's packages, built from their public documentation: the shapes, the errors' texts and the order
 * of events, without a picture or a call. For tests.
 */
import type { LiveKitConnectionConfig } from "../avatarkit-rtc/types";
import type { Module } from "./loader";

type Handler = (...args: never[]) => void;

/** The core package and the adapter as modules. */
export function fakeVendorModules(): { core: Module; rtc: Module } {
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- the vendor's API is a class of statics
  class AvatarSDK {
    static isInitialized = false;
    static initialize(appId: string): Promise<void> {
      if (appId === "") return Promise.reject(new Error("appId is required"));
      AvatarSDK.isInitialized = true;
      return Promise.resolve();
    }
    static setSessionToken(): void {
      // Kept by the real one; RTC Mode has no use for it.
    }
    static cleanup(): void {
      AvatarSDK.isInitialized = false;
    }
  }

  class Avatar {
    constructor(readonly id: string) {}
  }

  class AvatarManager {
    static readonly shared = new AvatarManager();
    load(id: string, onProgress?: (info: { type: string; progress?: number }) => void): Promise<Avatar | null> {
      if (!AvatarSDK.isInitialized) return Promise.reject(new Error("AvatarSDK is not initialized"));
      onProgress?.({ type: "downloading", progress: 0.5 });
      onProgress?.({ type: "completed" });
      return Promise.resolve(id === "unknown" ? null : new Avatar(id));
    }
  }

  class AvatarView {
    readonly controller = {};
    onFirstRendering: (() => void) | null = null;
    private readonly canvas = document.createElement("canvas");
    constructor(
      readonly avatar: Avatar,
      container: HTMLElement,
    ) {
      container.append(this.canvas);
      queueMicrotask(() => this.onFirstRendering?.());
    }
    dispose(): void {
      this.canvas.remove();
    }
  }

  class LiveKitProvider {
    readonly name = "livekit";
  }

  class AvatarPlayer {
    private readonly handlers = new Map<string, Set<Handler>>();
    private state = "disconnected";
    private last: LiveKitConnectionConfig | null = null;

    constructor(
      readonly provider: LiveKitProvider,
      readonly view: AvatarView,
    ) {}

    get isConnected(): boolean {
      return this.state === "connected";
    }
    getConnectionState(): string {
      return this.state;
    }
    getNativeClient(): object | null {
      return this.isConnected ? {} : null;
    }
    async connect(config: LiveKitConnectionConfig): Promise<void> {
      if (this.isConnected) throw new Error("Already connected. Please disconnect first.");
      this.last = config;
      this.become("connecting");
      await Promise.resolve();
      this.become("connected");
      this.tell("connected");
    }
    async disconnect(): Promise<void> {
      if (!this.isConnected) return;
      await Promise.resolve();
      this.become("disconnected");
      this.tell("disconnected");
    }
    async reconnect(): Promise<void> {
      if (!this.last) throw new Error("Cannot reconnect: no previous connection.");
      await this.disconnect();
      await this.connect(this.last);
    }
    startPublishing(): Promise<void> {
      return this.needConnection();
    }
    stopPublishing(): Promise<void> {
      return Promise.resolve();
    }
    publishAudio(): Promise<void> {
      return this.needConnection();
    }
    unpublishAudio(): Promise<void> {
      return Promise.resolve();
    }
    on(event: string, handler: Handler): void {
      const handlers = this.handlers.get(event) ?? new Set();
      this.handlers.set(event, handlers.add(handler));
    }
    off(event: string, handler: Handler): void {
      this.handlers.get(event)?.delete(handler);
    }
    private needConnection(): Promise<void> {
      if (this.isConnected) return Promise.resolve();
      return Promise.reject(new Error("Not connected. Please call connect() first."));
    }
    private become(state: string): void {
      this.state = state;
      this.tell("connection-state-changed", state);
    }
    private tell(event: string, ...args: unknown[]): void {
      for (const handler of this.handlers.get(event) ?? []) handler(...(args as never[]));
    }
  }

  return { core: { AvatarSDK, AvatarManager, AvatarView }, rtc: { AvatarPlayer, LiveKitProvider } };
}
