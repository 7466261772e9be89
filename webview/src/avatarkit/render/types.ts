/**
 * What the rest of the client may rely on about the renderer: the frame it eats, the asset it shows and its handle.
 */

/** One moment of a face, in the units of docs/protocols/motion.md. */
export interface MotionFrame {
  /** 52 weights, 0..1, in the order of {@link ARKIT_52}. */
  readonly weights: Float32Array;
  /** Radians: pitch + down, yaw + to the avatar's left, roll + to the avatar's left shoulder. Null: own life decides. */
  readonly head: readonly [pitch: number, yaw: number, roll: number] | null;
  /** Radians: pitch + down, yaw + to the avatar's left. Null: own life decides. */
  readonly gaze: readonly [pitch: number, yaw: number] | null;
}

/** What the avatar is doing, as far as its face and posture show it. */
export type AvatarMood = "idle" | "listening" | "thinking" | "speaking" | "error";

/** The ground behind the avatar. `transparent` clears to nothing, for pages that lay the avatar over their own. */
export type AvatarTheme = "day" | "night" | "transparent";

/** Pan and zoom of the picture. x and y in parts of the picture's height (+x right, +y up), scale 1 = as framed. */
export interface AvatarTransform {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** How the last second of rendering went. */
export interface RenderStats {
  /** Rendered frames in the last second. */
  readonly fps: number;
  /** Of the pictures of the last second, 95 of 100 came within this time after the one before, ms. */
  readonly frameMs: number;
  /** Size of the drawing buffer, in device pixels. */
  readonly width: number;
  readonly height: number;
  /** Triangles submitted by the last frame. */
  readonly triangles: number;
}

/** The formats an avatar can come in. Only `head` is drawn by this version. */
export type AvatarAssetKind = "head" | "glb" | "vrm";

/** A downloaded, verified avatar; immutable, and shared by any number of renderers. */
export interface AvatarAsset {
  readonly id: string;
  /** The name people see. */
  readonly name: string;
  readonly kind: AvatarAssetKind;
  readonly data: ArrayBuffer;
}

/** Why an avatar could not be loaded or shown. */
export type AvatarAssetErrorCode =
  "UNKNOWN_AVATAR" | "DOWNLOAD_FAILED" | "HASH_MISMATCH" | "INVALID_ASSET" | "UNSUPPORTED_KIND" | "NO_WEBGL";

/** Choices made when a renderer is created. */
export interface RendererOptions {
  readonly theme?: AvatarTheme;
  /** Calm the figure: no sway, no nods, no saccades; blinks, mouth and mood stay. */
  readonly reducedMotion?: boolean;
  /** False: nothing moves by itself, motion is shown as it is sent (pictures of single shapes, other drivers). */
  readonly life?: boolean;
  /** Draw for a processor rather than a GPU. Left out: found out from the WebGL context. */
  readonly software?: boolean;
  /** Seed of the figure's own life; the same seed and the same times give the same movements. */
  readonly seed?: number;
}

/** One avatar drawn into one canvas. */
export interface AvatarRenderer {
  readonly canvas: HTMLCanvasElement;
  /** The motion to show from the next render on; null = only its own life. The frame is copied. */
  setFrame(frame: MotionFrame | null): void;
  setMood(mood: AvatarMood): void;
  setTransform(transform: AvatarTransform): void;
  setTheme(theme: AvatarTheme): void;
  setReducedMotion(reduced: boolean): void;
  /** Draws one picture. Called by the view's one animation loop with its time stamp in milliseconds. */
  render(now: number): void;
  /** A copy of the motion on the screen now, without the figure's own life, which goes on under every frame. */
  currentFrame(): MotionFrame;
  boundingRect(): DOMRect;
  /** The picture as a PNG, or null where the browser can't encode it. */
  exportBitmap(): Promise<Blob | null>;
  stats(): RenderStats;
  dispose(): void;
}

/** ARKit's 52 blend shapes in the order of a motion frame's weights (docs/protocols/motion.md). */
export const ARKIT_52 = [
  "eyeBlinkLeft",
  "eyeLookDownLeft",
  "eyeLookInLeft",
  "eyeLookOutLeft",
  "eyeLookUpLeft",
  "eyeSquintLeft",
  "eyeWideLeft",
  "eyeBlinkRight",
  "eyeLookDownRight",
  "eyeLookInRight",
  "eyeLookOutRight",
  "eyeLookUpRight",
  "eyeSquintRight",
  "eyeWideRight",
  "jawForward",
  "jawLeft",
  "jawRight",
  "jawOpen",
  "mouthClose",
  "mouthFunnel",
  "mouthPucker",
  "mouthLeft",
  "mouthRight",
  "mouthSmileLeft",
  "mouthSmileRight",
  "mouthFrownLeft",
  "mouthFrownRight",
  "mouthDimpleLeft",
  "mouthDimpleRight",
  "mouthStretchLeft",
  "mouthStretchRight",
  "mouthRollLower",
  "mouthRollUpper",
  "mouthShrugLower",
  "mouthShrugUpper",
  "mouthPressLeft",
  "mouthPressRight",
  "mouthLowerDownLeft",
  "mouthLowerDownRight",
  "mouthUpperUpLeft",
  "mouthUpperUpRight",
  "browDownLeft",
  "browDownRight",
  "browInnerUp",
  "browOuterUpLeft",
  "browOuterUpRight",
  "cheekPuff",
  "cheekSquintLeft",
  "cheekSquintRight",
  "noseSneerLeft",
  "noseSneerRight",
  "tongueOut",
] as const;

/** The name of one of ARKit's 52 blend shapes. */
export type ArkitName = (typeof ARKIT_52)[number];

const INDEX: ReadonlyMap<string, number> = new Map(ARKIT_52.map((name, index) => [name, index]));

/** Index of a shape in a motion frame's weights. */
export function arkitIndex(name: ArkitName): number {
  const index = INDEX.get(name);
  if (index === undefined) throw new RangeError(`no ARKit shape is called ${name}`);
  return index;
}
