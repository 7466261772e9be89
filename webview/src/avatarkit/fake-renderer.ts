/** A renderer that remembers what it was told, for tests. */
import { copyFrame, neutralFrame } from "./frames";
import type {
  AvatarAsset,
  AvatarMood,
  AvatarRenderer,
  AvatarTheme,
  AvatarTransform,
  MotionFrame,
  RenderStats,
} from "./render/types";

/** An asset of no content. */
export function fakeAsset(id = "fake"): AvatarAsset {
  return { id, name: "Fake", kind: "head", data: new ArrayBuffer(0) };
}

/** Records frames, moods and renders; draws nothing. */
export class FakeRenderer implements AvatarRenderer {
  readonly canvas = document.createElement("canvas");
  /** Every frame set, copied; null where the avatar was given back to its own life. */
  readonly frames: (MotionFrame | null)[] = [];
  readonly moods: AvatarMood[] = [];
  readonly renders: number[] = [];
  transform: AvatarTransform = { x: 0, y: 0, scale: 1 };
  theme: AvatarTheme = "day";
  reducedMotion = false;
  disposed = false;
  /** Makes render() throw. */
  broken: Error | null = null;

  constructor(container: HTMLElement) {
    container.append(this.canvas);
  }

  setFrame(frame: MotionFrame | null): void {
    this.frames.push(frame ? copyFrame(frame) : null);
  }

  setMood(mood: AvatarMood): void {
    this.moods.push(mood);
  }

  setTransform(transform: AvatarTransform): void {
    this.transform = transform;
  }

  setTheme(theme: AvatarTheme): void {
    this.theme = theme;
  }

  setReducedMotion(reduced: boolean): void {
    this.reducedMotion = reduced;
  }

  render(now: number): void {
    if (this.broken) throw this.broken;
    this.renders.push(now);
  }

  currentFrame(): MotionFrame {
    return copyFrame(this.frames.at(-1) ?? neutralFrame());
  }

  boundingRect(): DOMRect {
    return new DOMRect(0, 0, 320, 240);
  }

  exportBitmap(): Promise<Blob | null> {
    return Promise.resolve(new Blob(["picture"], { type: "image/png" }));
  }

  stats(): RenderStats {
    return { fps: 60, frameMs: 1, width: 320, height: 240, triangles: 0 };
  }

  dispose(): void {
    this.disposed = true;
    this.canvas.remove();
  }
}
