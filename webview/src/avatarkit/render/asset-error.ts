/** Failures of loading or showing an avatar. */
import type { AvatarAssetErrorCode } from "./types";

/** Why an avatar can't be loaded or shown. `message` is for people, `code` for programs. */
export class AvatarAssetError extends Error {
  override readonly name = "AvatarAssetError";

  constructor(
    readonly code: AvatarAssetErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
