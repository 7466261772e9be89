import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { inCall } from "../session/phase";
import { Attract } from "./attract";
import { Announcer, Captions } from "./captions";
import { UiContext, type Ui } from "./context";
import { ControlBar } from "./control-bar";
import { DiagnosticsOverlay } from "./diagnostics";
import { EndScreen } from "./end-screen";
import { IdleCountdown } from "./idle-countdown";
import { Loading } from "./loading";
import { ProblemCard } from "./problem-card";
import { SettingsPopover } from "./settings-popover";
import { handleShortcut } from "./shortcuts";
import { StatePill } from "./state-pill";
import { Toasts } from "./toasts";
import { TranscriptPanel } from "./transcript-panel";

export interface AppProps {
  readonly ui: Ui;
  /** The element the avatar is drawn in, once it is there. */
  readonly onStage: (container: HTMLElement) => void;
}

/** The window: the avatar from edge to edge, everything else laid over it. */
export function App({ ui, onStage }: AppProps): JSX.Element {
  const { store, view } = ui;
  const stage = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (stage.current) onStage(stage.current);
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => handleShortcut(event, ui);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [ui]);

  useSignalEffect(() => {
    const root = document.documentElement;
    root.dataset["theme"] = store.theme.value;
    root.dataset["motion"] = store.reducedMotion.value ? "reduced" : "full";
    root.dataset["kiosk"] = String(store.kiosk.value);
    root.dataset["drawing"] = store.program.value?.software === true ? "software" : "gpu";
  });

  const phase = store.phase.value;
  const transcript = view.transcript.value && (inCall(phase) || phase === "failed");
  return (
    <UiContext.Provider value={ui}>
      <div class="app" data-phase={phase} data-state={store.state.value} data-transcript={transcript}>
        <main class="scene">
          <div class="backdrop" aria-hidden="true" />
          <div class="avatar" data-visible={store.avatarVisible.value} ref={stage} role="img" aria-label="The avatar" />
          <div class="floor" aria-hidden="true" />
          <header class="top">
            <StatePill />
            <Toasts />
          </header>
          {phase === "starting" || phase === "loading" ? <Loading /> : null}
          {phase === "attract" ? <Attract /> : null}
          <div class="bottom">
            <IdleCountdown />
            <ProblemCard />
            {phase === "ended" ? <EndScreen /> : null}
            {inCall(phase) ? <Captions /> : null}
            <ControlBar />
          </div>
          {view.overlay.value === "settings" && !store.kiosk.value ? <SettingsPopover /> : null}
          {view.diagnostics.value ? <DiagnosticsOverlay /> : null}
        </main>
        {transcript ? <TranscriptPanel /> : null}
        <Announcer />
      </div>
    </UiContext.Provider>
  );
}
