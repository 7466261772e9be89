import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import type { MotionSetting, ThemeSetting } from "../bridge";
import { IconButton } from "./button";
import { start, useUi } from "./context";
import { CloseIcon } from "./icons";
import { Choice, Slider } from "./fields";
import { useDismiss } from "./use-dismiss";

const THEMES: readonly (readonly [ThemeSetting, string])[] = [
  ["auto", "Auto"],
  ["day", "Day"],
  ["night", "Night"],
];

const MOTION: readonly (readonly [MotionSetting, string])[] = [
  ["auto", "Auto"],
  ["off", "Full"],
  ["on", "Reduced"],
];

/** What people change now and then. Each change holds at once and is kept by the program. */
export function SettingsPopover(): JSX.Element {
  const { store, actions, view } = useUi();
  const popover = useRef<HTMLDivElement>(null);
  useDismiss(popover, () => view.close(), "[aria-label='Settings']");
  const settings = store.settings.value;
  const characters = view.characters.value;
  return (
    <div class="popover" role="dialog" aria-label="Settings" ref={popover} tabIndex={-1}>
      <header class="popover-head">
        <h2>Settings</h2>
        <IconButton label="Close settings" onClick={() => view.close()}>
          <CloseIcon />
        </IconButton>
      </header>
      <Slider
        label="Avatar's voice"
        value={Math.round(settings.volume * 100)}
        min={0}
        max={100}
        step={5}
        show={(value) => `${value} %`}
        onChange={(value) => start(actions.set("volume", value / 100))}
      />
      <Choice label="Appearance" options={THEMES} value={settings.theme} onChange={(value) => start(actions.set("theme", value))} />
      {characters.length > 1 && settings.assetUrl === null ? (
        <Choice
          label="Character"
          options={characters.map((one) => [one.id, one.name] as const)}
          value={characters.some((one) => one.id === settings.character) ? settings.character : (characters[0]?.id ?? "")}
          onChange={(value) => start(actions.set("character", value))}
        />
      ) : null}
      <Choice
        label="Movement"
        options={MOTION}
        value={settings.reducedMotion}
        onChange={(value) => start(actions.set("reducedMotion", value))}
      />
      <Slider
        label="Picture after sound"
        hint="For loudspeakers with a delay of their own, such as Bluetooth."
        value={settings.avOffsetMs}
        min={-300}
        max={300}
        step={10}
        show={(value) => `${value > 0 ? "+" : ""}${value} ms`}
        onChange={(value) => start(actions.set("avOffsetMs", value))}
      />
      <button
        type="button"
        class="quiet"
        aria-pressed={view.diagnostics.value}
        onClick={() => (view.diagnostics.value = !view.diagnostics.value)}
      >
        {view.diagnostics.value ? "Hide diagnostics" : "Show diagnostics"}
      </button>
    </div>
  );
}
