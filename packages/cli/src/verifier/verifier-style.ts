/** What the verifier's page adds to the look of the officer's pages.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";

/** The style element. */
export const VERIFIER_STYLE: Markup = html`<style>
  #choose {
    border: 2px dashed var(--line);
    border-radius: 8px;
    padding: 14px 16px;
  }
  #choose.over {
    border-color: var(--accent);
    background: var(--pale);
  }
  #choose p {
    margin-top: 8px;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
  }
  .button {
    position: relative;
    display: inline-block;
    padding: 8px 16px;
    border-radius: 5px;
    border: 1px solid var(--accent);
    background: var(--accent);
    color: #fff;
    font-weight: 600;
    cursor: pointer;
  }
  .button [lang="en"] {
    color: inherit;
    margin-left: 6px;
  }
  .button.plain {
    background: #fff;
    color: var(--accent);
  }
  .button input {
    position: absolute;
    inset: 0;
    width: 100%;
    opacity: 0;
    cursor: pointer;
  }
  .button:focus-within {
    outline: 3px solid var(--caution);
    outline-offset: 2px;
  }
  .busy .button {
    opacity: 0.5;
    pointer-events: none;
  }
  #progress {
    margin-top: 10px;
    color: var(--soft);
    font-variant-numeric: tabular-nums;
  }
  #outcome:focus {
    outline: none;
  }
  #outcome td [lang="en"],
  .verdict [lang="en"] {
    display: block;
  }
  .verdict {
    overflow-wrap: anywhere;
  }
  .verdict p {
    color: var(--ink);
  }
  #outcome td {
    overflow-wrap: anywhere;
    min-width: 5.5em;
  }
  #outcome td code {
    white-space: normal;
  }
  .fingerprint {
    white-space: nowrap;
  }
  footer p + p {
    margin-top: 6px;
  }
  .key {
    word-break: break-all;
  }
  @media (max-width: 640px) {
    .fingerprint {
      white-space: normal;
    }
  }
  @media print {
    #choose,
    #progress {
      display: none;
    }
  }
</style>`;
