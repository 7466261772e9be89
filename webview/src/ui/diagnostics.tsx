import type { JSX } from "preact";

import { IconButton } from "./button";
import { useUi } from "./context";
import { CloseIcon } from "./icons";

const ms = (value: number | null, digits = 0): string => (value === null ? "–" : `${value.toFixed(digits)} ms`);

/** Measurements of the last second, for people who set a machine up. */
export function DiagnosticsOverlay(): JSX.Element {
  const { store, view } = useUi();
  const found = store.diagnostics.value;
  const size = found?.resolution ?? null;
  const rows: readonly (readonly [string, string])[] = [
    ["State", store.state.value],
    ["Picture against sound", ms(found?.avOffsetMs ?? null, 1)],
    ["Lock", found?.lock ?? "–"],
    ["Frames a second", found?.fps?.toFixed(0) ?? "–"],
    ["Between pictures", ms(found?.frameMs ?? null, 1)],
    ["Resolution", size === null ? "–" : `${size[0]} × ${size[1]}`],
    ["Last answer after", ms(found?.lastTurnMs ?? null)],
    ["Microphone", store.microphone.value.label ?? store.microphone.value.status],
    ...Object.entries(found?.motion ?? {}).map(([name, value]) => [`Motion: ${name}`, String(value)] as const),
  ];
  return (
    <section class="diagnostics" aria-label="Diagnostics">
      <header>
        <h2>Diagnostics</h2>
        <IconButton label="Close diagnostics" onClick={() => (view.diagnostics.value = false)}>
          <CloseIcon />
        </IconButton>
      </header>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
