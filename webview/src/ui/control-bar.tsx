import type { JSX } from "preact";

import { inCall } from "../session/phase";
import { IconButton } from "./button";
import { start, useUi } from "./context";
import { CaptionsIcon, ChatIcon, EndIcon, SettingsIcon } from "./icons";
import { MicrophoneControl } from "./microphone-control";

/** The row of buttons at the bottom: microphone, captions, chat, settings, end. */
export function ControlBar(): JSX.Element | null {
  const { store, actions, view } = useUi();
  const calling = inCall(store.phase.value);
  const kiosk = store.kiosk.value;
  const phase = store.phase.value;
  if (phase === "starting" || phase === "loading" || phase === "attract") return null;
  const captions = store.settings.value.captions;
  const unread = !view.transcript.value && !captions && store.captions.value.length > 0;
  return (
    <div class="bar" role="toolbar" aria-label="Conversation">
        {calling ? (
          <>
            <MicrophoneControl />
            <IconButton
              label={captions ? "Hide captions" : "Show captions"}
              pressed={captions}
              shortcut="C"
              onClick={() => start(actions.set("captions", !captions))}
            >
              <CaptionsIcon on={captions} />
            </IconButton>
            <IconButton
              label={view.transcript.value ? "Hide the transcript" : "Transcript and typing"}
              pressed={view.transcript.value}
              shortcut="T"
              badge={unread}
              onClick={() => (view.transcript.value = !view.transcript.value)}
            >
              <ChatIcon />
            </IconButton>
          </>
        ) : null}
        {kiosk ? null : (
          <IconButton
            label="Settings"
            expanded={view.overlay.value === "settings"}
            onClick={() => view.toggle("settings")}
          >
            <SettingsIcon />
          </IconButton>
        )}
        {calling ? (
          <IconButton label="End the conversation" tone="end" onClick={() => start(actions.end())}>
            <EndIcon />
          </IconButton>
        ) : null}
      </div>
  );
}
