/** What can go wrong, in words a person understands: what happened, what to do, and which button helps. */
import type { ErrorBody } from "../bridge";

/** What the button of a problem does. */
export type Remedy = "retry" | "restart-stack" | "restart-agent" | "unlock-audio" | "microphone" | "dismiss";

export interface Problem extends ErrorBody {
  readonly remedy: Remedy;
  /** True where the conversation cannot go on; false: it goes on, the problem is shown beside it. */
  readonly blocking: boolean;
}

/** A short message that goes by itself. */
export interface Notice {
  readonly id: number;
  readonly tone: "info" | "warning";
  readonly text: string;
}

/** What to do about errors that name themselves but bring no hint: those of the avatar SDK and its player. */
const HINTS: Readonly<Record<string, { readonly hint: string; readonly retryable: boolean }>> = {
  "not-allowed": { hint: "Check the LiveKit key and secret, or the token source, in the settings.", retryable: false },
  "unreachable": { hint: "Check that the room is running and that its address is right.", retryable: true },
  "timeout": { hint: "The network may be slow or blocked. Try again.", retryable: true },
  "avatarIDUnrecognized": { hint: "Choose another character in the settings, or check the avatar's id.", retryable: false },
  "failedToDownloadAvatarAssets": { hint: "Check the network, then try again.", retryable: true },
  "invalidAvatarMetadata": { hint: "The avatar's file is damaged. Choose another character in the settings.", retryable: false },
  "unsupportedAvatarAsset": { hint: "This kind of file cannot be shown. Choose another character in the settings.", retryable: false },
  "rendererUnavailable": { hint: "The picture needs WebGL 2. Update the graphics driver, or start with software rendering.", retryable: false },
  "appIDUnrecognized": { hint: "Check the SpatialReal app id in the settings.", retryable: false },
};

/** Any error as a problem of the conversation. */
export function problemFrom(error: unknown, blocking: boolean): Problem {
  if (typeof error === "object" && error !== null && "code" in error && "message" in error) {
    const { code, message } = error;
    const { hint, retryable } = error as { hint?: unknown; retryable?: unknown };
    const known = HINTS[String(code)];
    return {
      code: String(code),
      message: sentence(String(message)),
      hint: typeof hint === "string" && hint !== "" ? hint : (known?.hint ?? ""),
      retryable: typeof retryable === "boolean" ? retryable : (known?.retryable ?? true),
      remedy: "retry",
      blocking,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "unexpected", message: sentence(message), hint: "Try again.", retryable: true, remedy: "retry", blocking };
}

export const AGENT_MISSING: Problem = {
  code: "agent_missing",
  message: "The voice agent has not joined the room.",
  hint: "The room works, but nobody is there to answer. Restart the agent, or check that yours is running and serves this room.",
  retryable: true,
  remedy: "restart-agent",
  blocking: false,
};

export const AVATAR_MISSING: Problem = {
  code: "avatar_missing",
  message: "The agent is here, but the avatar service has not joined.",
  hint: "The avatar service gives the agent its voice and face. Check its address, app id and API key, then restart the agent.",
  retryable: true,
  remedy: "restart-agent",
  blocking: false,
};

export const AUDIO_BLOCKED: Problem = {
  code: "audio_blocked",
  message: "The browser holds the sound back until you allow it.",
  hint: "One click is enough.",
  retryable: true,
  remedy: "unlock-audio",
  blocking: false,
};

/** What became of the microphone when it could not be opened. */
export type MicFailure = "denied" | "missing" | "busy";

/** Which failure a rejected getUserMedia stands for. QtWebEngine rejects a denied request with AbortError. */
export function micFailure(error: unknown): MicFailure {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError") return "busy";
  // The player wraps what getUserMedia said.
  return error instanceof Error && error.cause !== undefined ? micFailure(error.cause) : "denied";
}

export function micProblem(failure: MicFailure, cause?: unknown): Problem {
  const text = {
    denied: {
      code: "microphone_denied",
      message: "AvatarDesk may not use the microphone.",
      hint: "Allow it in the system's privacy settings, then try again. You can type in the meantime.",
    },
    missing: {
      code: "microphone_missing",
      message: "No microphone was found.",
      hint: "Plug one in and it will be used at once. You can type in the meantime.",
    },
    busy: {
      code: "microphone_busy",
      message: "The microphone could not be opened.",
      hint: `Another program may hold it${cause instanceof Error ? ` (${cause.name})` : ""}. Close it and try again; you can type in the meantime.`,
    },
  }[failure];
  return { ...text, retryable: true, remedy: "microphone", blocking: false };
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
