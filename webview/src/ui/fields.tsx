import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface SliderProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly show: (value: number) => string;
  readonly onChange: (value: number) => void;
}

/** A slider that shows its value while it is dragged and reports it when it is let go. */
export function Slider({ label, hint, value, min, max, step, show, onChange }: SliderProps): JSX.Element {
  const id = useId();
  const dragged = useSignal<number | null>(null);
  const shown = dragged.value ?? value;
  const fraction = (shown - min) / (max - min);
  return (
    <div class="field">
      <label for={id}>
        <span>{label}</span>
        <output>{show(shown)}</output>
      </label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={shown}
        aria-valuetext={show(shown)}
        style={{ "--fraction": fraction }}
        onInput={(event) => (dragged.value = event.currentTarget.valueAsNumber)}
        onChange={(event) => {
          dragged.value = null;
          onChange(event.currentTarget.valueAsNumber);
        }}
      />
      {hint === undefined ? null : <p class="field-hint">{hint}</p>}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** A few exclusive options side by side: radio buttons underneath, so that arrow keys work. */
export function Choice<T extends string>({ label, options, value, onChange }: ChoiceProps<T>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="field choice">
      <legend>{label}</legend>
      <div class="choice-row">
        {options.map(([option, text]) => (
          <label key={option} class="choice-option">
            <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
