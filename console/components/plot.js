// @ts-check

import { html } from "../html.js";
import { toHtml } from "../plots/index.js";

/** A plot as the functions of `plots/` return it. @param {{figure: any}} props */
export const Plot = ({ figure }) => toHtml(html, figure);
