/** A page with the real player and a view that only keeps count: the lock is measured, nothing is drawn. */
import { AvatarController } from "../../src/avatarkit/controller";
import { copyFrame, neutralFrame } from "../../src/avatarkit/frames";
import { arkitIndex, type MotionFrame } from "../../src/avatarkit/render/types";
import type { FrameDriver } from "../../src/avatarkit/view";
import { AvatarPlayer, LiveKitProvider, type MotionStats } from "../../src/avatarkit-rtc";
import type { PlayerView } from "../../src/avatarkit-rtc/player";

const JAW = arkitIndex("jawOpen");

class CountingView implements PlayerView {
  readonly controller = new AvatarController();
  readonly isReady = true;
  /** Pictures with motion, and those with the jaw open. */
  moving = 0;
  open = 0;
  idles = 0;
  /** Time spent in the player before pictures, ms, and number of pictures. */
  spent = 0;
  ticks = 0;
  private frame: MotionFrame = neutralFrame();

  addFrameDriver(driver: FrameDriver): () => void {
    let running = true;
    const tick = (): void => {
      if (!running) return;
      requestAnimationFrame(tick);
      const begun = performance.now();
      driver(begun);
      this.spent += performance.now() - begun;
      this.ticks += 1;
    };
    requestAnimationFrame(tick);
    return () => {
      running = false;
    };
  }

  renderFrame(frame: MotionFrame | null): void {
    if (!frame) {
      this.idles += 1;
      return;
    }
    this.moving += 1;
    if ((frame.weights[JAW] ?? 0) > 0.1) this.open += 1;
    this.frame = copyFrame(frame);
  }

  currentFrame(): MotionFrame {
    return this.frame;
  }
}

const view = new CountingView();
const provider = new LiveKitProvider();
const player = new AvatarPlayer(provider, view, { logLevel: "info" });
const events: { name: string; at: number; info?: unknown }[] = [];
const history: MotionStats[] = [];

for (const name of ["connected", "disconnected", "stalled"] as const) {
  player.on(name, () => events.push({ name, at: performance.now() }));
}
player.on("error", (error) => events.push({ name: "error", at: performance.now(), info: error.message }));
player.on("round-start", (info) => events.push({ name: "round-start", at: info.at, info }));
player.on("first-motion", (info) => events.push({ name: "first-motion", at: info.at, info }));
player.on("first-audio", (info) => events.push({ name: "first-audio", at: info.at, info }));
player.on("round-end", (info) => events.push({ name: "round-end", at: info.at, info }));
player.on("interrupted", (info) => events.push({ name: "interrupted", at: info.at, info }));
player.on("audio-playback", (info) => events.push({ name: "audio-playback", at: performance.now(), info }));
player.on("motion-stats", (stats) => history.push(stats));

Object.assign(globalThis, {
  lockPage: {
    connect: (url: string, token: string) => player.connect({ url, token, roomName: "desk" }),
    disconnect: () => player.disconnect(),
    reconnect: () => player.reconnect(),
    startPublishing: () => player.startPublishing(),
    transport: () => provider.getTransportStats(),
    report: () => ({
      view: { moving: view.moving, open: view.open, idles: view.idles, tickMs: view.spent / view.ticks },
      events,
      stats: player.motionStats(),
      history,
      state: player.getConnectionState(),
      summary: player.sessionSummary,
    }),
  },
});
