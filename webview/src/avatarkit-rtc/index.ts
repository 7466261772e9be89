/** AvatarKit's RTC adapter: a conversation with an avatar over LiveKit. */
export { type LockDiagnostics, type LockState } from "./lock/heard";
export { EXPECTED_LIVEKIT_VERSION, livekitVersionWarning } from "./livekit-version";
export { AvatarPlayer, type PlayerView, type SessionSummary } from "./player";
export { LiveKitProvider, type LiveKitProviderOptions } from "./provider";
export type { Room as LiveKitRoom } from "livekit-client";
export * from "./types";
