# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""How the report looks: light, dark and on paper, from a telephone to a wide screen."""

from __future__ import annotations

_COLOURS = """
:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--ink:#16202b;--soft:#566270;--line:#dde3e9;--fine:#edf0f3;
--accent:#0b6a8a;--good:#2b8a70;--bad:#c5352f;--slow:#7d70b8;--warn:#8f5a00;--idle:#9aa6b2;
--good-ground:#e3f4ec;--bad-ground:#fdeae8;--warn-ground:#fdf3dc;--shade:#e3a00833;--outage:#c5352f2e}
@media (prefers-color-scheme:dark){:root{--ground:#0f151b;--card:#171f27;--ink:#e9eef3;--soft:#a2afbc;--line:#2c3742;
--fine:#222c36;--accent:#55bfe0;--good:#3fb391;--bad:#ff7a70;--slow:#a99cf0;--warn:#eabf5c;--idle:#6b7885;
--good-ground:#12332a;--bad-ground:#42201f;--warn-ground:#3a2f14;--shade:#eabf5c33;--outage:#ff7a7038}}
@media print{:root{color-scheme:light;--ground:#fff;--card:#fff;--ink:#16202b;--soft:#566270;--line:#dde3e9;
--fine:#edf0f3;--accent:#0b6a8a;--good:#2b8a70;--bad:#c5352f;--slow:#7d70b8;--warn:#8f5a00;--idle:#9aa6b2;
--good-ground:#e3f4ec;--bad-ground:#fdeae8;--warn-ground:#fdf3dc;--shade:#e3a00833;--outage:#c5352f2e}}
"""

_TEXT = """
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Liberation Sans",sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:66rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1,h2,h3,p,ol,ul,dl,dd{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:1.35rem;line-height:1.25}
h3{font-size:1rem;margin-bottom:.7rem}
a{color:var(--accent)}
.eyebrow,.sub{color:var(--soft);font-size:.875rem}
.sub{margin-top:.35rem}
.head{display:flex;gap:.75rem 1.5rem;align-items:flex-start;justify-content:space-between;flex-wrap:wrap}
.head>div{flex:1 1 20rem}
.verdict{display:inline-flex;gap:.45rem;align-items:center;border-radius:2rem;padding:.3rem .95rem;font-weight:650;
white-space:nowrap;background:var(--warn-ground);color:var(--warn)}
.verdict.is-verified{background:var(--good-ground);color:var(--good)}
.verdict.is-not_verified{background:var(--bad-ground);color:var(--bad)}
table .verdict{padding:.05rem .6rem;font-size:.8125rem}
@media (prefers-color-scheme:light){.verdict.is-verified,.passed{color:#14694f}}
@media print{.verdict.is-verified,.passed{color:#14694f}}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;margin-top:1rem}
.note{border-left:4px solid var(--accent);padding:.75rem 1rem}
.note.is-bad{border-left-color:var(--bad)}
.note ul{padding-left:1.1rem}
.run+.run,.overview+.run{margin-top:3rem;padding-top:2.5rem;border-top:1px solid var(--line)}
footer{margin-top:2rem;color:var(--soft);font-size:.8125rem}
footer p+p{margin-top:.35rem}
code{font:.875em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
"""

_FIGURES = """
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem;margin-top:1rem}
.tiles .card{margin:0}
.tile .name{color:var(--soft);font-size:.875rem}
.tile .figure{font-size:1.9rem;line-height:1.25;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile .figure.is-unknown{font-size:1.25rem;line-height:1.9rem;color:var(--soft);letter-spacing:0}
.tile .figure.is-bad{color:var(--bad)}
.tile .more{font-size:.875rem;color:var(--soft)}
.meter{height:.4rem;border-radius:.2rem;background:var(--fine);margin:.4rem 0 .45rem;overflow:hidden}
.meter span{display:block;height:100%;min-width:3px;border-radius:.2rem;background:var(--good)}
.meter span.is-bad{background:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.45rem .9rem .45rem 0;border-top:1px solid var(--fine)}
thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.8125rem;padding-top:0;white-space:nowrap}
tbody th{font-weight:500}
td,th{overflow-wrap:break-word}
.passed{color:var(--good);font-weight:600;white-space:nowrap}
.not-passed{color:var(--bad);font-weight:600;white-space:nowrap}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem;margin-top:1rem}
.pair .card{margin:0}
"""

_PLOT = """
.moment{--side:15.5rem}
.plot,.timeline{position:relative}.sub+.timeline{margin-top:.9rem}.only-narrow{display:none}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;font-size:.8125rem;color:var(--soft);margin-bottom:.6rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.15rem;margin-right:.4rem;vertical-align:-.08rem}
.panel{position:relative;display:grid;grid-template-columns:var(--side) 1fr;margin-bottom:1.1rem}
.panel-name{font-size:.875rem;padding-right:4rem}
.values{position:absolute;left:0;width:calc(var(--side) - .6rem);top:0;bottom:0}
.values span{position:absolute;right:0;transform:translateY(-50%);font-size:.75rem;line-height:1;color:var(--soft)}
.area{position:relative;height:8.5rem;border-bottom:1px solid var(--idle)}
.panel+.panel .area{height:5rem}
.area svg{position:absolute;inset:0;width:100%;height:100%;display:block;overflow:hidden}
.grid{position:absolute;inset:0;pointer-events:none}
.timeline>.grid{left:var(--side);bottom:1.3rem}
.grid span{position:absolute;top:0;bottom:0;width:1px;background:var(--fine)}
.grid span.start{background:var(--idle)}
.good{fill:var(--good)}.bad{fill:var(--bad)}.slow{fill:var(--slow)}
.gap{fill:var(--shade)}.gap.is-outage{fill:var(--outage)}
.gap-label{position:absolute;top:-.15rem;transform:translate(-50%,-50%);font-size:.75rem;line-height:1.1;font-weight:650;
padding:.1rem .4rem;border-radius:.6rem;background:var(--warn-ground);color:var(--warn);white-space:nowrap}
.gap-label.is-outage{background:var(--bad-ground);color:var(--bad)}
.marks{position:relative;height:1.5rem;margin-left:var(--side)}
.marks span{position:absolute;transform:translateX(-50%);font-size:.6875rem;line-height:1rem;color:var(--soft)}
.steps{list-style:none;position:relative;border-top:1px solid var(--line);padding:.35rem 0}
.steps li{display:grid;grid-template-columns:var(--side) 1fr;align-items:center;min-height:1.7rem}
.steps li.play{display:block;min-height:0;padding-top:.55rem;font-size:.75rem;font-weight:650;color:var(--soft);
letter-spacing:.02em}
.steps .label{display:flex;gap:.5rem;align-items:baseline;padding-right:.75rem;font-size:.875rem;line-height:1.25;
min-width:0}
.steps .number{font-size:.6875rem;font-weight:500;color:var(--soft);width:1.1rem;text-align:right;flex:none}
.steps .name{flex:1;min-width:0}
.steps em{font-style:normal;font-size:.75rem;color:var(--soft)}
.steps em.is-failed{color:var(--bad);font-weight:650}
.steps .took{color:var(--soft);font-size:.8125rem;font-variant-numeric:tabular-nums;white-space:nowrap}
.track{position:relative;height:.85rem;display:block}
.bar{position:absolute;top:0;height:100%;min-width:4px;border-radius:.2rem;background:var(--accent)}
.bar.is-skipped{background:var(--idle)}.bar.is-failed{background:var(--bad)}.bar.is-begun{background:var(--warn)}
.bar.is-undone{background:repeating-linear-gradient(135deg,var(--accent) 0 4px,transparent 4px 7px);
outline:1px solid var(--accent);outline-offset:-1px}
.bar.is-undo{background:var(--warn)}
.axis{position:relative;height:1.2rem;margin-left:var(--side)}
.axis span{position:absolute;transform:translateX(-50%);font-size:.75rem;color:var(--soft);white-space:nowrap}
@media (max-width:44rem){
main{padding:1.25rem .9rem 2rem}h1{font-size:1.45rem}.card{padding:.95rem 1rem}.moment{--side:0rem}
.tiles{grid-template-columns:1fr 1fr;gap:.7rem}.tile .figure{font-size:1.5rem}
.tile .figure.is-unknown{font-size:1.05rem}
.panel,.steps li{grid-template-columns:1fr}.panel-name{padding:0 0 .65rem}
.values{display:none}.only-narrow{display:inline;color:var(--soft)}.steps li{padding:.2rem 0}.steps .number{width:auto}
.axis span:nth-child(even),.marks span:nth-child(even){display:none}
.checks thead{display:none}.checks tr{display:block;padding:.5rem 0;border-top:1px solid var(--fine)}
.checks th,.checks td{display:block;border:0;padding:.05rem 0}
.checks td[data-name]:not(:empty)::before{content:attr(data-name) ": ";color:var(--soft)}
}
@media print{body{font-size:12px}main{padding:0;max-width:none}.card,.tiles,.steps li,tr{break-inside:avoid}
.run+.run{break-before:page;border-top:0}a{color:inherit;text-decoration:none}}
"""

STYLESHEET = "".join(part.replace("\n", "") for part in (_COLOURS, _TEXT, _FIGURES, _PLOT))
