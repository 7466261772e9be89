/** An avatar on the page: one canvas in a container, one animation loop. */
import { type Avatar, assetOf } from "./avatar";
import { AvatarController } from "./controller";
import { AvatarError, AvatarErrorCode, toAvatarError } from "./errors";
import { neutralFrame, transition } from "./frames";
import { createRenderer } from "./render";
import type {
  AvatarAsset,
  AvatarMood,
  AvatarRenderer,
  AvatarTheme,
  AvatarTransform,
  MotionFrame,
  RendererOptions,
  RenderStats,
} from "./render/types";
import { log } from "./sdk";

/** Makes the renderer of a view; the renderer's `createRenderer`. */
export type RendererFactory = (
  container: HTMLElement,
  asset: AvatarAsset,
  options?: RendererOptions,
) => AvatarRenderer;

/** Choices made when a view is created. All of {@link RendererOptions}, and the factory for tests. */
export interface AvatarViewOptions extends RendererOptions {
  readonly rendererFactory?: RendererFactory;
}

/** Called by the view's loop before each picture, with the time the picture is drawn for. */
export type FrameDriver = (now: number) => void;

/**
 * Shows one avatar. The canvas is appended to the container, fills it and follows its size; the container must be
 * measurable when the view is made.
 */
export class AvatarView {
  readonly controller = new AvatarController();
  /** Called once, after the first picture. */
  onFirstRendering: (() => void) | null = null;
  private readonly renderer: AvatarRenderer;
  private readonly drivers = new Set<FrameDriver>();
  private request: number | null = null;
  private rendering = true;
  private disposed = false;
  private drawn = false;
  private failed = false;
  private current: AvatarTransform = { x: 0, y: 0, scale: 1 };

  /**
   * @throws AvatarError - the container has no size, or the browser can't draw
   */
  constructor(
    readonly avatar: Avatar,
    container: HTMLElement,
    options: AvatarViewOptions = {},
  ) {
    if (container.clientWidth === 0 || container.clientHeight === 0) {
      throw new AvatarError(
        AvatarErrorCode.containerNotMeasurable,
        "The avatar's container has no size. Show it before making the view.",
      );
    }
    const { rendererFactory = createRenderer, ...rendererOptions } = options;
    try {
      this.renderer = rendererFactory(container, assetOf(avatar), rendererOptions);
    } catch (cause) {
      const error = toAvatarError(cause);
      throw error.code === AvatarErrorCode.failedToDownloadAvatarAssets
        ? new AvatarError(AvatarErrorCode.rendererUnavailable, error.message, { cause })
        : error;
    }
    this.schedule();
  }

  /** The renderer could be made and the view is not disposed. */
  get isReady(): boolean {
    return !this.disposed;
  }

  /** Pan and zoom. x and y lie in [-1, 1], 0 = centre; scale is positive. */
  get transform(): AvatarTransform {
    return this.current;
  }

  set transform(value: AvatarTransform) {
    const { x, y, scale } = value;
    if (![x, y, scale].every(Number.isFinite) || scale <= 0) throw new RangeError("transform needs numbers, scale > 0");
    const clamp = (part: number): number => Math.min(1, Math.max(-1, part));
    this.current = { x: clamp(x), y: clamp(y), scale };
    this.renderer.setTransform(this.current);
  }

  /** The newer name of {@link transform}. */
  get avatarTransform(): AvatarTransform {
    return this.current;
  }

  set avatarTransform(value: AvatarTransform) {
    this.transform = value;
  }

  /** Stops drawing; the last picture stays. Motion goes on being followed. */
  pauseRendering(): void {
    this.rendering = false;
  }

  /** Draws again. */
  resumeRendering(): void {
    this.rendering = true;
  }

  isRenderingEnabled(): boolean {
    return this.rendering;
  }

  /** Shows a motion frame from the next picture on. Null with `startIdle` gives the avatar back to its own life. */
  renderFrame(frame: MotionFrame | null, startIdle = false): void {
    if (this.disposed) return;
    if (frame) this.renderer.setFrame(frame);
    else if (startIdle) this.renderer.setFrame(null);
  }

  /** What is on the screen now. */
  currentFrame(): MotionFrame {
    return this.renderer.currentFrame();
  }

  /** Frames that lead from what is on the screen to just before `target`. */
  generateTransitionToFrame(target: MotionFrame, frameCount: number): MotionFrame[] {
    return transition(this.renderer.currentFrame(), target, frameCount);
  }

  /** Frames that lead from what is on the screen to rest. */
  generateTransitionToIdle(frameCount: number): MotionFrame[] {
    return transition(this.renderer.currentFrame(), neutralFrame(), frameCount);
  }

  /** How the avatar bears itself; see {@link AvatarMood}. */
  setMood(mood: AvatarMood): void {
    if (!this.disposed) this.renderer.setMood(mood);
  }

  /** The ground behind the avatar. */
  setTheme(theme: AvatarTheme): void {
    if (!this.disposed) this.renderer.setTheme(theme);
  }

  /** Calms the figure's own life. */
  setReducedMotion(reduced: boolean): void {
    if (!this.disposed) this.renderer.setReducedMotion(reduced);
  }

  /** The picture as a PNG; null where the browser can't encode it. */
  exportBitmap(): Promise<Blob | null> {
    return this.disposed ? Promise.resolve(null) : this.renderer.exportBitmap();
  }

  /** Where the canvas lies, in CSS pixels. */
  getBoundingRect(): DOMRect {
    return this.renderer.boundingRect();
  }

  /** How the last second of drawing went. */
  stats(): RenderStats {
    return this.renderer.stats();
  }

  /** Has `driver` called before each picture. @returns what takes it out again */
  addFrameDriver(driver: FrameDriver): () => void {
    this.drivers.add(driver);
    return () => this.drivers.delete(driver);
  }

  /** Takes the canvas away and frees what was drawn with. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (this.request !== null) cancelAnimationFrame(this.request);
    this.drivers.clear();
    this.renderer.dispose();
  }

  private schedule(): void {
    this.request = requestAnimationFrame(() => this.tick());
  }

  private tick(): void {
    if (this.disposed) return;
    // A throw below must not end the loop.
    this.schedule();
    const now = performance.now();
    try {
      for (const driver of this.drivers) driver(now);
      if (!this.rendering) return;
      this.renderer.render(now);
      this.failed = false;
    } catch (cause) {
      this.reportOnce(cause);
      return;
    }
    if (!this.drawn) {
      this.drawn = true;
      this.onFirstRendering?.();
    }
  }

  /** A broken picture breaks sixty times a second; it is told once until a picture succeeds again. */
  private reportOnce(cause: unknown): void {
    if (this.failed) return;
    this.failed = true;
    const message = cause instanceof Error ? cause.message : String(cause);
    log.error(`drawing failed: ${message}`);
    this.controller.onError?.(new AvatarError(AvatarErrorCode.rendererUnavailable, message, { cause }));
  }
}
