/** The page behind shoot.mjs: draws named poses of an avatar and lays them out as a sheet. */
import {
  ARKIT_52,
  createRenderer,
  loadAsset,
  type AvatarMood,
  type AvatarRenderer,
  type AvatarTheme,
  type MotionFrame,
} from "../../src/avatarkit/render";

/** One picture of a sheet. `weights` by ARKit name; a name without side stands for both sides. */
export interface Shot {
  readonly label: string;
  readonly avatar: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly head?: readonly [number, number, number];
  readonly gaze?: readonly [number, number];
  /** With a mood the figure lives: `seconds` of it are played before the picture is taken. */
  readonly mood?: AvatarMood;
  readonly seconds?: number;
  readonly theme?: AvatarTheme;
  readonly transform?: { readonly x: number; readonly y: number; readonly scale: number };
}

/** What a speed measurement found. */
export interface BenchResult {
  readonly fps: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly triangles: number;
  readonly driver: string;
  readonly loadMs: number;
  readonly firstFrameMs: number;
}

declare global {
  interface Window {
    sheet: (shots: readonly Shot[], size: number, columns: number) => Promise<string>;
    benchBegins: () => Promise<void>;
    bench: (avatar: string, size: number, seconds: number, fixed: boolean) => Promise<BenchResult>;
  }
}

const stage = document.getElementById("stage") as HTMLDivElement;
const base = new URL("/avatars/", location.href);
const still = new AbortController().signal;

async function make(avatar: string, size: number, life: boolean, software?: boolean): Promise<AvatarRenderer> {
  stage.style.width = stage.style.height = `${size}px`;
  const asset = await loadAsset(avatar, base, () => undefined, still);
  return createRenderer(stage, asset, { life, seed: 7, ...(software === undefined ? {} : { software }) });
}

function frameOf(shot: Shot): MotionFrame {
  const weights = new Float32Array(ARKIT_52.length);
  for (const [name, value] of Object.entries(shot.weights ?? {})) {
    for (const full of [name, `${name}Left`, `${name}Right`]) {
      const index = ARKIT_52.findIndex((candidate) => candidate === full);
      if (index >= 0) weights[index] = value;
    }
  }
  return { weights, head: shot.head ?? null, gaze: shot.gaze ?? null };
}

window.sheet = async (shots, size, columns) => {
  const canvas = document.createElement("canvas");
  canvas.width = columns * size;
  canvas.height = Math.ceil(shots.length / columns) * size;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.font = `${Math.max(11, size / 17)}px sans-serif`;
  let renderer: AvatarRenderer | null = null;
  let shown = "";
  for (const [index, shot] of shots.entries()) {
    const key = `${shot.avatar} ${String(shot.mood !== undefined)}`;
    if (!renderer || key !== shown || shot.mood) {
      renderer?.dispose();
      // Sheets are multisampled whatever draws them: they show the figure, not the live view's speed.
      renderer = await make(shot.avatar, size, shot.mood !== undefined, false);
      shown = key;
    }
    renderer.setTheme(shot.theme ?? "day");
    renderer.setTransform(shot.transform ?? { x: 0, y: 0, scale: 1 });
    if (shot.mood) {
      renderer.setMood(shot.mood);
      if (shot.weights) renderer.setFrame(frameOf(shot));
      const end = (shot.seconds ?? 2) * 1000;
      for (let now = 0; now < end; now += 33) renderer.render(now);
    } else renderer.setFrame(frameOf(shot));
    renderer.render((shot.seconds ?? 2) * 1000);
    const left = (index % columns) * size;
    const top = Math.floor(index / columns) * size;
    context.drawImage(renderer.canvas, left, top, size, size);
    const line = top + Math.max(16, size / 13);
    context.strokeStyle = shot.theme === "night" ? "#000a" : "#fffc";
    context.lineWidth = 3;
    context.strokeText(shot.label, left + 6, line);
    context.fillStyle = shot.theme === "night" ? "#ddd" : "#222";
    context.fillText(shot.label, left + 6, line);
  }
  renderer?.dispose();
  return canvas.toDataURL("image/png");
};

window.bench = async (avatar, size, seconds, fixed) => {
  const begun = performance.now();
  const renderer = await make(avatar, size, true);
  const loaded = performance.now();
  const gl = renderer.canvas.getContext("webgl2") as WebGL2RenderingContext;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const driver = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const pixel = new Uint8Array(4);
  renderer.render(begun);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  const first = performance.now();
  renderer.setMood("speaking");
  let count = 0;
  const speak = (now: number): void => {
    const swing = 0.5 + 0.5 * Math.sin(now / 70);
    const weights = { jawOpen: 0.5 * swing, mouthFunnel: 0.3 * (1 - swing), mouthLowerDown: 0.3 * swing, mouthPucker: 0.2 };
    renderer.setFrame(frameOf({ label: "", avatar, weights }));
  };
  if (fixed) await window.benchBegins();
  let start = performance.now();
  if (fixed) {
    // Every picture is finished before the next begins: the throughput of the drawing itself.
    while (performance.now() - start < seconds * 1000) {
      const now = start + count * 40;
      speak(now);
      renderer.render(now);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      count++;
    }
  } else {
    // The live loop: resolution adapts for some seconds, then counting starts.
    const loop = (until: number): Promise<number> =>
      new Promise((resolve) => {
        let frames = 0;
        const tick = (now: number): void => {
          speak(now);
          renderer.render(now);
          frames++;
          if (performance.now() < until) requestAnimationFrame(tick);
          else resolve(frames);
        };
        requestAnimationFrame(tick);
      });
    await loop(performance.now() + 6000);
    await window.benchBegins();
    start = performance.now();
    await loop(start + seconds * 1000);
    count = Math.round(renderer.stats().fps * ((performance.now() - start) / 1000));
  }
  const elapsed = (performance.now() - start) / 1000;
  const { width, height, triangles } = renderer.stats();
  renderer.dispose();
  return { fps: count / elapsed, frames: count, width, height, triangles, driver, loadMs: loaded - begun, firstFrameMs: first - begun };
};
