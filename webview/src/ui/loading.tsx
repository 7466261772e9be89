import type { JSX } from "preact";

import { useUi } from "./context";

/** Shown until the avatar has drawn its first picture. */
export function Loading(): JSX.Element {
  const { store } = useUi();
  const fraction = store.loading.value;
  const percent = fraction === null ? null : Math.round(fraction * 100);
  return (
    <div class="loading">
      <div class="loading-halo" aria-hidden="true" />
      <p class="loading-text">{store.phase.value === "starting" ? "Starting AvatarDesk" : "Preparing your avatar"}</p>
      <div
        class="progress"
        role="progressbar"
        aria-label="Preparing your avatar"
        aria-valuemin={0}
        aria-valuemax={100}
        {...(percent === null ? {} : { "aria-valuenow": percent })}
        data-indeterminate={percent === null || percent === 0}
      >
        <i style={{ "--progress": fraction ?? 0 }} />
      </div>
    </div>
  );
}
