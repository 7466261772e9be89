/** Our own client as an {@link AvatarRuntime}. */
import { Avatar, AvatarManager, AvatarSDK, AvatarView } from "../avatarkit";
import { AvatarPlayer, LiveKitProvider } from "../avatarkit-rtc";
import type { AvatarRuntime, RuntimeAvatar, RuntimeProvider, RuntimeView } from "./runtime";

function ownAvatar(avatar: RuntimeAvatar): Avatar {
  if (avatar instanceof Avatar) return avatar;
  throw new TypeError("This avatar was loaded by another runtime.");
}

class OpenView extends AvatarView {
  constructor(avatar: RuntimeAvatar, container: HTMLElement) {
    super(ownAvatar(avatar), container);
  }
}

class OpenPlayer extends AvatarPlayer {
  constructor(provider: RuntimeProvider, view: RuntimeView, options: Readonly<Record<string, unknown>> = {}) {
    if (!(provider instanceof LiveKitProvider) || !(view instanceof AvatarView)) {
      throw new TypeError("Provider and view must come from the same runtime as the player.");
    }
    super(provider, view, options);
  }
}

/** The open runtime; always there. */
export const openRuntime: AvatarRuntime = {
  kind: "open",
  source: "built in",
  AvatarSDK,
  AvatarManager,
  AvatarView: OpenView,
  AvatarPlayer: OpenPlayer,
  LiveKitProvider,
  loadFraction: ({ type, progress = 0 }) => (type === "completed" ? 1 : progress / 100),
};
