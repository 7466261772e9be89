/**
 * The avatar on the page, by AvatarKit's documented flow: AvatarSDK.initialize → AvatarManager.shared.load →
 * new AvatarView → new AvatarPlayer(new LiveKitProvider(), view). The session connects and publishes later.
 *
 * The same code drives our own client and the vendor's packages; what only ours can do is used where it is there.
 */
import type { Room } from "livekit-client";

import type { AvatarMood, AvatarView } from "../avatarkit";
import type { AvatarPlayer, LiveKitProvider, MotionStats } from "../avatarkit-rtc";
import type { RuntimeSetting } from "../bridge";
import { loadRuntime, type AvatarRuntime, type RuntimePlayer, type RuntimeProvider, type RuntimeView } from "../vendor";
import type { DisplayState } from "./phase";
import type { OpenStage, PictureStats, Player, PlayerEmitter, PlayerMeasurements, Stage, StageLook } from "./player";

/** App id of our own client: it has no account to name. */
const OPEN_APP_ID = "avatardesk";

/** Index of jawOpen in ARKit's order (docs/protocols/motion.md). */
const JAW_OPEN = 17;

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
  const runtime = await chooseRuntime(request.runtime);
  const { appId, avatarId } =
    runtime.kind === "open" ? { appId: OPEN_APP_ID, avatarId: request.avatar } : await request.identify();
  await runtime.AvatarSDK.initialize(appId, { environment: "intl", drivingServiceMode: "host" });
  const avatar = await runtime.AvatarManager.shared.load(avatarId, (info) => {
    request.onProgress(runtime.loadFraction(info));
  });
  if (avatar === null) throw new UnknownAvatarError(avatarId);
  const view = new runtime.AvatarView(avatar, request.container);
  view.onFirstRendering = request.onFirstPicture;
  const provider = new runtime.LiveKitProvider();
  return new AvatarStage(view, new runtime.AvatarPlayer(provider, view), provider, request.look);
};

/** In `auto`, trouble with finding the vendor's packages must not keep the avatar from being shown. */
async function chooseRuntime(choice: RuntimeSetting): Promise<AvatarRuntime> {
  try {
    return await loadRuntime(choice, undefined, (message) => console.warn(message));
  } catch (error) {
    if (choice !== "auto") throw error;
    console.warn("the vendor's packages could not be looked for", error);
    return loadRuntime("open");
  }
}

/** Older releases of the vendor's SDK answer null for an id they do not know. */
class UnknownAvatarError extends Error {
  readonly code = "avatarIDUnrecognized";

  constructor(id: string) {
    super(`There is no avatar “${id}”.`);
  }
}

type OpenView = Pick<AvatarView, "setMood" | "setTheme" | "setReducedMotion" | "stats" | "currentFrame">;
type OpenPlayer = Pick<AvatarPlayer, "avOffsetMs" | "motionStats">;
type OpenProvider = Pick<LiveKitProvider, "setVolume">;

class AvatarStage implements Stage {
  readonly player: Player;
  readonly #view: RuntimeView;
  readonly #extras: OpenView | null;

  constructor(view: RuntimeView, player: RuntimePlayer, provider: RuntimeProvider, look: StageLook) {
    this.#view = view;
    this.#extras = "setMood" in view ? (view as RuntimeView & OpenView) : null;
    this.player = adapt(player, provider);
    this.show(look);
  }

  show({ state, theme, reducedMotion }: StageLook): void {
    this.#extras?.setMood(MOODS[state]);
    this.#extras?.setTheme(theme);
    this.#extras?.setReducedMotion(reducedMotion);
  }

  stats(): PictureStats | null {
    return this.#extras?.stats() ?? null;
  }

  mouth(): number | null {
    return this.#extras?.currentFrame().weights[JAW_OPEN] ?? null;
  }

  dispose(): void {
    this.#view.dispose();
  }
}

/** AvatarKit's player with what our own client can do besides; the vendor's never raises the additional events. */
function adapt(player: RuntimePlayer, provider: RuntimeProvider): Player {
  const events = player as unknown as PlayerEmitter;
  const extras = "motionStats" in player ? (player as RuntimePlayer & OpenPlayer) : null;
  const room = (): Room | null => player.getNativeClient() as Room | null;
  return {
    connect: (config) => player.connect(config),
    disconnect: () => player.disconnect(),
    startPublishing: () => player.startPublishing(),
    stopPublishing: () => player.stopPublishing(),
    getNativeClient: room,
    on: (event, handler) => events.on(event, handler),
    off: (event, handler) => events.off(event, handler),
    setAvOffset: (ms) => {
      if (extras) extras.avOffsetMs = ms;
    },
    setVolume: (volume) => {
      if ("setVolume" in provider) (provider as OpenProvider).setVolume(volume);
      else for (const participant of room()?.remoteParticipants.values() ?? []) participant.setVolume(volume);
    },
    measurements: () => measured(extras?.motionStats() ?? null),
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
