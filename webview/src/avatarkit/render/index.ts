/** The head: loading an avatar and drawing it. */
export { loadAsset } from "./asset";
export { AvatarAssetError } from "./asset-error";
export { createRenderer } from "./renderer";
export type * from "./types";
export { ARKIT_52, arkitIndex } from "./types";
