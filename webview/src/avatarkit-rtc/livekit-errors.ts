/** livekit-client's errors as sentences for people. */
import { ConnectionError, ConnectionErrorReason, DisconnectReason } from "livekit-client";
import { RTCError } from "./types";

/** A failed connect() as an {@link RTCError}. */
export function connectError(cause: unknown, url: string): RTCError {
  if (cause instanceof RTCError) return cause;
  if (cause instanceof ConnectionError) {
    switch (cause.reason) {
      case ConnectionErrorReason.NotAllowed:
        return new RTCError("not-allowed", "The room refused the token: it is wrong, expired, or not for this room.", {
          cause,
        });
      case ConnectionErrorReason.ServerUnreachable:
        return new RTCError("unreachable", `The room at ${url} can't be reached.`, { cause });
      case ConnectionErrorReason.Timeout:
        return new RTCError("timeout", `The room at ${url} did not answer in time.`, { cause });
      case ConnectionErrorReason.Cancelled:
        return new RTCError("cancelled", "Connecting was cancelled.", { cause });
      default:
        break;
    }
  }
  return new RTCError("internal", cause instanceof Error ? cause.message : String(cause), { cause });
}

/** A failed microphone as an {@link RTCError}. */
export function microphoneError(cause: unknown): RTCError {
  const name = cause instanceof Error ? cause.name : "";
  // QtWebEngine rejects a refused getUserMedia with AbortError.
  if (name === "NotAllowedError" || name === "AbortError") {
    return new RTCError("microphone", "The microphone may not be used: permission was refused.", { cause });
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new RTCError("microphone", "No microphone was found.", { cause });
  }
  if (name === "NotReadableError") {
    return new RTCError("microphone", "The microphone can't be opened; another program may be using it.", { cause });
  }
  return new RTCError("microphone", cause instanceof Error ? cause.message : String(cause), { cause });
}

/** Why a call ended, as a word. */
export function disconnectReason(reason: DisconnectReason | undefined): string {
  return reason === undefined ? "unknown" : DisconnectReason[reason].toLowerCase();
}
