import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { start, useUi } from "./context";
import { CheckIcon, ChevronIcon, MicIcon, MicOffIcon } from "./icons";
import { useDismiss } from "./use-dismiss";

/** The microphone: one big button with a ring that lives with the voice, and the menu of devices beside it. */
export function MicrophoneControl(): JSX.Element {
  const { store, actions, view } = useUi();
  const { status } = store.microphone.value;
  const live = status === "open";
  const open = view.overlay.value === "microphone";
  return (
    <div class="mic" data-status={status}>
      <LevelRing />
      <button
        type="button"
        class="round mic-button"
        aria-label={live ? "Mute the microphone" : status === "muted" ? "Unmute the microphone" : "Turn the microphone on"}
        aria-pressed={live}
        aria-keyshortcuts="M"
        title={live ? "Mute (M)" : "Turn the microphone on (M)"}
        disabled={status === "opening" || status === "closed"}
        onClick={() => start(actions.setMuted(live))}
      >
        {live || status === "opening" ? <MicIcon /> : <MicOffIcon />}
      </button>
      <button
        type="button"
        class="mic-more"
        aria-label="Choose a microphone"
        title="Choose a microphone"
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => view.toggle("microphone")}
      >
        <ChevronIcon />
      </button>
      {open ? <MicrophoneMenu /> : null}
    </div>
  );
}

/** Drawn apart, so that twenty level changes a second redraw this element only. */
function LevelRing(): JSX.Element {
  const { store } = useUi();
  return <span class="mic-ring" aria-hidden="true" style={{ "--level": store.micLevel.value }} />;
}

function MicrophoneMenu(): JSX.Element {
  const { store, actions, view } = useUi();
  const menu = useRef<HTMLDivElement>(null);
  useDismiss(menu, () => view.close(), ".mic-more");
  const { label } = store.microphone.value;
  const wanted = store.settings.value.microphone;
  const choose = (value: string | null): void => {
    view.close();
    start(actions.set("microphone", value));
  };
  const devices = store.microphones.value.filter((device) => device.label !== "");
  return (
    <div class="menu" role="menu" aria-label="Microphone" ref={menu}>
      <p class="menu-title">Microphone</p>
      <MenuItem text="System default" checked={wanted === null} onChoose={() => choose(null)} />
      {devices.map((device) => (
        <MenuItem
          key={device.id}
          text={device.label}
          checked={wanted === device.label}
          note={wanted === null && device.label === label ? "in use" : ""}
          onChoose={() => choose(device.label)}
        />
      ))}
      {devices.length === 0 ? <p class="menu-empty">No microphone was found.</p> : null}
    </div>
  );
}

interface MenuItemProps {
  readonly text: string;
  readonly checked: boolean;
  readonly note?: string;
  readonly onChoose: () => void;
}

function MenuItem({ text, checked, note = "", onChoose }: MenuItemProps): JSX.Element {
  return (
    <button type="button" class="menu-item" role="menuitemradio" aria-checked={checked} onClick={onChoose}>
      <span class="menu-check">{checked ? <CheckIcon /> : null}</span>
      <span class="menu-text">{text}</span>
      {note === "" ? null : <span class="menu-note">{note}</span>}
    </button>
  );
}
