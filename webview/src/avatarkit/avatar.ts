/** A loaded avatar: an id, a name, and its asset, which only this client's own code looks into. */
import type { AvatarAsset } from "./render/types";

const assets = new WeakMap<Avatar, AvatarAsset>();

/** Opaque handle, made by {@link AvatarManager.load} and shown by {@link AvatarView}. */
export class Avatar {
  readonly id: string;
  /** The name people see. */
  readonly name: string;

  /** @internal */
  constructor(asset: AvatarAsset) {
    this.id = asset.id;
    this.name = asset.name;
    assets.set(this, asset);
  }
}

/** The asset behind a handle. */
export function assetOf(avatar: Avatar): AvatarAsset {
  const asset = assets.get(avatar);
  if (!asset) throw new TypeError("This avatar was not made by AvatarManager.load().");
  return asset;
}
