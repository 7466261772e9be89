/** What can go wrong in the SDK, with the codes of both generations of AvatarKit. */
import type { AvatarAssetErrorCode } from "./render/types";

/** Error codes as strings, as the newer SDK gives them. */
export enum AvatarErrorCode {
  notInitialized = "notInitialized",
  appIDUnrecognized = "appIDUnrecognized",
  avatarIDUnrecognized = "avatarIDUnrecognized",
  failedToDownloadAvatarAssets = "failedToDownloadAvatarAssets",
  invalidAvatarMetadata = "invalidAvatarMetadata",
  unsupportedAvatarAsset = "unsupportedAvatarAsset",
  loadCancelled = "loadCancelled",
  notSupportedInMode = "notSupportedInMode",
  containerNotMeasurable = "containerNotMeasurable",
  rendererUnavailable = "rendererUnavailable",
  viewDisposed = "viewDisposed",
}

/** Numeric codes of the older SDK; {@link AvatarError.legacyCode}. */
export enum ErrorCode {
  sdkNotVerified = 1001,
  avatarIdWrong = 1002,
  avatarAssetsMissing = 1003,
  avatarCameraSettingsWrong = 1004,
  serviceError = 1005,
  sendDataWrong = 1008,
  requestTimeout = 1009,
}

const LEGACY: Readonly<Record<AvatarErrorCode, ErrorCode>> = {
  [AvatarErrorCode.notInitialized]: ErrorCode.sdkNotVerified,
  [AvatarErrorCode.appIDUnrecognized]: ErrorCode.sdkNotVerified,
  [AvatarErrorCode.avatarIDUnrecognized]: ErrorCode.avatarIdWrong,
  [AvatarErrorCode.failedToDownloadAvatarAssets]: ErrorCode.avatarAssetsMissing,
  [AvatarErrorCode.invalidAvatarMetadata]: ErrorCode.avatarAssetsMissing,
  [AvatarErrorCode.unsupportedAvatarAsset]: ErrorCode.avatarAssetsMissing,
  [AvatarErrorCode.loadCancelled]: ErrorCode.avatarAssetsMissing,
  [AvatarErrorCode.notSupportedInMode]: ErrorCode.sendDataWrong,
  [AvatarErrorCode.containerNotMeasurable]: ErrorCode.avatarCameraSettingsWrong,
  [AvatarErrorCode.rendererUnavailable]: ErrorCode.serviceError,
  [AvatarErrorCode.viewDisposed]: ErrorCode.serviceError,
};

/** An error of the SDK. `message` is for people; `code` for programs. */
export class AvatarError extends Error {
  override readonly name = "AvatarError";
  /** The same in the numbers of the older SDK. */
  readonly legacyCode: ErrorCode;

  constructor(
    readonly code: AvatarErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.legacyCode = LEGACY[code];
  }
}

const FROM_ASSET: Readonly<Record<AvatarAssetErrorCode, AvatarErrorCode>> = {
  UNKNOWN_AVATAR: AvatarErrorCode.avatarIDUnrecognized,
  DOWNLOAD_FAILED: AvatarErrorCode.failedToDownloadAvatarAssets,
  HASH_MISMATCH: AvatarErrorCode.invalidAvatarMetadata,
  INVALID_ASSET: AvatarErrorCode.invalidAvatarMetadata,
  UNSUPPORTED_KIND: AvatarErrorCode.unsupportedAvatarAsset,
  NO_WEBGL: AvatarErrorCode.rendererUnavailable,
};

function isAssetCode(value: unknown): value is AvatarAssetErrorCode {
  return typeof value === "string" && value in FROM_ASSET;
}

/** Any failure of loading or drawing as an {@link AvatarError}; the cause stays reachable. */
export function toAvatarError(cause: unknown): AvatarError {
  if (cause instanceof AvatarError) return cause;
  if (cause instanceof Error) {
    if (cause.name === "AbortError") {
      return new AvatarError(AvatarErrorCode.loadCancelled, "Loading the avatar was cancelled.", { cause });
    }
    const code = "code" in cause && isAssetCode(cause.code) ? FROM_ASSET[cause.code] : null;
    return new AvatarError(code ?? AvatarErrorCode.failedToDownloadAvatarAssets, cause.message, { cause });
  }
  return new AvatarError(AvatarErrorCode.failedToDownloadAvatarAssets, String(cause), { cause });
}
