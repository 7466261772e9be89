/** Draws one avatar: figure, life, ground, resolution. */
import {
  Camera,
  LinearSRGBColorSpace,
  Mesh,
  NoToneMapping,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  ShaderMaterial,
  WebGLRenderer,
  WebGLRenderTarget,
} from "three";
import { AvatarAssetError } from "./asset-error";
import { Figure } from "./figure";
import { decodeHead } from "./head-file";
import { Life } from "./life/life";
import { SharedUniforms } from "./light";
import { createGround } from "./materials";
import { Quality } from "./quality";
import { copyFragment, screenVertex } from "./shaders/other";
import { FrameClock } from "./frame-clock";
import type {
  AvatarAsset,
  AvatarMood,
  AvatarRenderer,
  AvatarTheme,
  AvatarTransform,
  MotionFrame,
  RendererOptions,
  RenderStats,
} from "./types";

/** A portrait lens from afar: faces look like themselves. */
const FIELD_OF_VIEW = 13;
/** What the picture shows at scale 1: the head with air above it, and the shoulders. Units of the head's file. */
const MIDDLE_Y = -0.24;
const VIEW_HEIGHT = 3.55;
const VIEW_WIDTH = 2.9;
/** Names of drivers that compute pictures on the processor. */
const SOFTWARE_DRIVERS = /swiftshader|llvmpipe|softpipe|software|basic render/i;
const GPU_SAMPLES = 4;
/** A processor draws at most this often; the time left goes to speech and network. */
const SOFTWARE_INTERVAL_MS = 1000 / 33;

/**
 * Makes the renderer of an avatar and appends its canvas to the container.
 *
 * @throws AvatarAssetError - UNSUPPORTED_KIND, INVALID_ASSET, NO_WEBGL
 */
export function createRenderer(container: HTMLElement, asset: AvatarAsset, options: RendererOptions = {}): AvatarRenderer {
  if (asset.kind !== "head") {
    throw new AvatarAssetError(
      "UNSUPPORTED_KIND",
      `"${asset.name}" is a ${asset.kind.toUpperCase()} file. This version shows its own characters only.`,
    );
  }
  return new HeadRenderer(container, asset, options);
}

function createContext(canvas: HTMLCanvasElement): WebGLRenderer {
  try {
    return new WebGLRenderer({ canvas, alpha: true, antialias: false, stencil: false, powerPreference: "high-performance" });
  } catch (cause) {
    throw new AvatarAssetError("NO_WEBGL", "The avatar needs WebGL 2, which this browser or its settings don't offer.", {
      cause,
    });
  }
}

function drawsInSoftware(gl: WebGLRenderer): boolean {
  const context = gl.getContext();
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  return typeof name === "string" && SOFTWARE_DRIVERS.test(name);
}

class HeadRenderer implements AvatarRenderer {
  readonly canvas: HTMLCanvasElement;
  private readonly gl: WebGLRenderer;
  private readonly software: boolean;
  private readonly shared: SharedUniforms;
  private readonly figure: Figure;
  private readonly life: Life;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 5, 60);
  private readonly screen = new Scene();
  private readonly flat = new Camera();
  private readonly plane = new PlaneGeometry(2, 2);
  private readonly ground: Mesh;
  private readonly sampled: WebGLRenderTarget | null;
  private readonly post: ShaderMaterial;
  private readonly clock = new FrameClock();
  private readonly resize: ResizeObserver;
  private readonly quality: Quality;
  private transform: AvatarTransform = { x: 0, y: 0, scale: 1 };
  private theme: AvatarTheme;
  private width = 0;
  private height = 0;
  private lastDrawn = Number.NEGATIVE_INFINITY;
  private disposed = false;

  constructor(
    private readonly container: HTMLElement,
    asset: AvatarAsset,
    options: RendererOptions,
  ) {
    const model = decodeHead(asset.data);
    this.canvas = document.createElement("canvas");
    this.gl = createContext(this.canvas);
    this.software = options.software ?? drawsInSoftware(this.gl);
    this.gl.outputColorSpace = LinearSRGBColorSpace;
    this.gl.toneMapping = NoToneMapping;
    this.gl.setClearColor(0x000000, 0);
    this.gl.info.autoReset = false;
    this.theme = options.theme ?? "day";
    this.shared = new SharedUniforms(this.theme);
    this.figure = new Figure(model, this.shared, this.software);
    this.life = new Life(options.seed ?? 1, options.reducedMotion ?? false, options.life === false);
    this.ground = new Mesh(this.plane, createGround(this.shared));
    this.ground.frustumCulled = false;
    this.ground.renderOrder = 10;
    this.ground.visible = this.theme !== "transparent";
    this.scene.add(this.figure.root, this.ground);
    this.scene.matrixWorldAutoUpdate = false;
    // A second picture costs a processor more than the figure does: there the canvas is drawn to at once.
    this.sampled = this.software ? null : new WebGLRenderTarget(1, 1, { samples: GPU_SAMPLES });
    this.post = new ShaderMaterial({
      uniforms: { picture: { value: this.sampled?.texture ?? null } },
      vertexShader: screenVertex,
      fragmentShader: copyFragment,
      depthTest: false,
      depthWrite: false,
      toneMapped: false,
    });
    const sheet = new Mesh(this.plane, this.post);
    sheet.frustumCulled = false;
    this.screen.add(sheet);
    const { width, height } = container.getBoundingClientRect();
    this.quality = new Quality(globalThis.devicePixelRatio, this.software, width * height);
    this.canvas.style.cssText = "display:block;width:100%;height:100%";
    container.append(this.canvas);
    this.resize = new ResizeObserver(() => this.measure());
    this.resize.observe(container);
    this.measure();
    this.life.step(0);
    this.figure.apply(this.life.pose);
    // Shaders are compiled before the first picture, not in the middle of it.
    this.gl.compile(this.scene, this.camera);
    this.gl.compile(this.screen, this.flat);
  }

  setFrame(frame: MotionFrame | null): void {
    this.life.setFrame(frame);
  }

  setMood(mood: AvatarMood): void {
    this.life.mood = mood;
  }

  setReducedMotion(reduced: boolean): void {
    this.life.calm = reduced;
  }

  setTransform(transform: AvatarTransform): void {
    this.transform = { ...transform };
    this.frameView();
  }

  setTheme(theme: AvatarTheme): void {
    this.theme = theme;
    this.shared.setTheme(theme);
    this.ground.visible = theme !== "transparent";
  }

  render(now: number): void {
    if (this.disposed || this.width === 0 || this.height === 0) return;
    if (this.software && now - this.lastDrawn < SOFTWARE_INTERVAL_MS - 4) return;
    this.lastDrawn = now;
    this.clock.tick(now);
    if (this.quality.frame(now)) this.applySize();
    this.draw(now);
  }

  currentFrame(): MotionFrame {
    return this.life.currentFrame();
  }

  boundingRect(): DOMRect {
    return this.canvas.getBoundingClientRect();
  }

  exportBitmap(): Promise<Blob | null> {
    if (this.disposed || this.width === 0) return Promise.resolve(null);
    // The drawing buffer is only sure to hold the picture in the task that drew it.
    this.draw(this.lastDrawn === Number.NEGATIVE_INFINITY ? 0 : this.lastDrawn);
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
  }

  stats(): RenderStats {
    return {
      fps: this.clock.fps,
      frameMs: this.clock.p95Ms,
      width: this.canvas.width,
      height: this.canvas.height,
      triangles: this.gl.info.render.triangles,
    };
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.resize.disconnect();
    this.figure.dispose();
    (this.ground.material as ShaderMaterial).dispose();
    this.post.dispose();
    this.plane.dispose();
    this.sampled?.dispose();
    this.gl.dispose();
    this.gl.forceContextLoss();
    this.canvas.remove();
  }

  private draw(now: number): void {
    this.gl.info.reset();
    this.life.step(now);
    this.figure.apply(this.life.pose);
    this.gl.setRenderTarget(this.sampled);
    this.gl.render(this.scene, this.camera);
    if (!this.sampled) return;
    this.gl.setRenderTarget(null);
    this.gl.render(this.screen, this.flat);
  }

  private measure(): void {
    this.width = this.container.clientWidth;
    this.height = this.container.clientHeight;
    this.applySize();
  }

  private applySize(): void {
    if (this.width === 0 || this.height === 0) return;
    const { ratio } = this.quality;
    const width = Math.max(1, Math.round(this.width * ratio));
    const height = Math.max(1, Math.round(this.height * ratio));
    if (width !== this.canvas.width || height !== this.canvas.height) {
      this.gl.setDrawingBufferSize(width, height, 1);
      // setDrawingBufferSize writes pixel sizes into the style; the canvas has to fill its container.
      this.canvas.style.width = "100%";
      this.canvas.style.height = "100%";
      this.sampled?.setSize(width, height);
    }
    this.frameView();
  }

  /** Puts the camera where head and shoulders fill the picture, whatever its shape. */
  private frameView(): void {
    if (this.width === 0 || this.height === 0) return;
    const aspect = this.width / this.height;
    const { x, y, scale } = this.transform;
    const shown = Math.max(VIEW_HEIGHT, VIEW_WIDTH / aspect) / scale;
    const distance = shown / 2 / Math.tan((FIELD_OF_VIEW * Math.PI) / 360);
    this.camera.aspect = aspect;
    // In a tall picture the head stays in the upper part.
    const middle = MIDDLE_Y - Math.max(0, shown * scale - VIEW_HEIGHT) * 0.18;
    this.camera.position.set(-x * shown, middle - y * shown + 0.1, distance);
    this.camera.lookAt(-x * shown, middle - y * shown, 0);
    this.camera.near = Math.max(0.1, distance - 4);
    this.camera.far = distance + 6;
    this.camera.updateProjectionMatrix();
    this.camera.updateMatrixWorld();
  }
}
