/**
 * The avatar on the page, by AvatarKit's documented flow: AvatarSDK.initialize → AvatarManager.shared.load →
 * new AvatarView → new AvatarPlayer(new LiveKitProvider(), view). The session connects and publishes later.
 */
import type { AvatarMood, AvatarView } from "../avatarkit";
import type { AvatarPlayer, LiveKitProvider, LiveKitRoom, MotionStats } from "../avatarkit-rtc";
import type { DisplayState } from "./phase";
import type { OpenStage, PictureStats, Player, PlayerEmitter, PlayerMeasurements, Stage, StageLook } from "./player";

/** App id of the open runtime: it has no account to name. */
const OPEN_APP_ID = "avatardesk";

const MOODS: Readonly<Record<DisplayState, AvatarMood>> = {
  starting: "idle",
  loading: "idle",
  attract: "idle",
  connecting: "idle",
  waiting: "idle",
  listening: "listening",
  thinking: "thinking",
  speaking: "speaking",
  reconnecting: "idle",
  ended: "idle",
  failed: "error",
};

export const openStage: OpenStage = async (request) => {
  const [kit, rtc] = await Promise.all([import("../avatarkit"), import("../avatarkit-rtc")]);
  await kit.AvatarSDK.initialize(OPEN_APP_ID, { drivingServiceMode: kit.DrivingServiceMode.host });
  const avatar = await kit.AvatarManager.shared.load(request.avatar, ({ progress = 0 }) => request.onProgress(progress / 100));
  const view = new kit.AvatarView(avatar, request.container, {
    theme: request.look.theme,
    reducedMotion: request.look.reducedMotion,
    // Left out, the renderer finds out for itself.
    ...(request.software ? { software: true } : {}),
  });
  view.onFirstRendering = request.onFirstPicture;
  const provider = new rtc.LiveKitProvider();
  const player = new rtc.AvatarPlayer(provider, view);
  return new AvatarStage(view, player, provider);
};

class AvatarStage implements Stage {
  readonly player: Player;
  readonly #view: AvatarView;

  constructor(view: AvatarView, player: AvatarPlayer<LiveKitRoom>, provider: LiveKitProvider) {
    this.#view = view;
    this.player = adapt(player, provider);
  }

  show({ state, theme, reducedMotion }: StageLook): void {
    this.#view.setMood(MOODS[state]);
    this.#view.setTheme(theme);
    this.#view.setReducedMotion(reducedMotion);
  }

  stats(): PictureStats {
    return this.#view.stats();
  }

  dispose(): void {
    this.#view.dispose();
  }
}

/** AvatarKit's player with what this client's own one can do besides. */
function adapt(player: AvatarPlayer<LiveKitRoom>, provider: LiveKitProvider): Player {
  const events: PlayerEmitter = player;
  return {
    connect: (config) => player.connect(config),
    disconnect: () => player.disconnect(),
    startPublishing: () => player.startPublishing(),
    stopPublishing: () => player.stopPublishing(),
    getNativeClient: () => player.getNativeClient(),
    on: (event, handler) => events.on(event, handler),
    off: (event, handler) => events.off(event, handler),
    setAvOffset: (ms) => (player.avOffsetMs = ms),
    setVolume: (volume) => provider.setVolume(volume),
    measurements: () => measured(player.motionStats()),
  };
}

function measured(stats: MotionStats | null): PlayerMeasurements | null {
  if (stats === null) return null;
  const { lock, messages, malformed, frames, recovered, lost, late, stalls, bufferedMs } = stats;
  const { p50, n } = lock.offsetMs;
  return {
    avOffsetMs: n > 0 && Number.isFinite(p50) ? p50 : null,
    lock: lock.state,
    offset: lock.offsetMs,
    motion: { messages, malformed, frames, recovered, lost, late, stalls, bufferedMs: Math.round(bufferedMs) },
  };
}
