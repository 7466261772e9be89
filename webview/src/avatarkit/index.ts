/**
 * AvatarKit's web API: an avatar on a page, moved by what comes with a call. Conversations are the business of
 * `avatarkit-rtc`.
 */
export { Avatar } from "./avatar";
export { AvatarController } from "./controller";
export { AvatarError, AvatarErrorCode, ErrorCode } from "./errors";
export { LogLevel } from "./log";
export { type AssetLoader, AvatarManager, type LoadProgressListener } from "./manager";
export type {
  AvatarMood,
  AvatarTheme,
  AvatarTransform,
  MotionFrame,
  RendererOptions,
  RenderStats,
} from "./render/types";
export { AvatarSDK } from "./sdk";
export {
  type AudioFormat,
  type Configuration,
  ConnectionState,
  ConversationState,
  DrivingServiceMode,
  Environment,
  type LoadProgressInfo,
  type Region,
} from "./types";
export { AvatarView, type AvatarViewOptions, type FrameDriver, type RendererFactory } from "./view";
