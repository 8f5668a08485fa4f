/** The page's only style sheet: two inks, one accent, three verdicts, each for a light and a dark room. */
export const style = `
:root{color-scheme:light dark;
--paper:light-dark(#fcfcfa,#131416);--raised:light-dark(#fff,#191b1d);--sunk:light-dark(#f4f4f0,#0e0f10);
--ink:light-dark(#1a1c1f,#e4e5e6);--soft:light-dark(#5d6269,#9a9fa6);--line:light-dark(#e3e3de,#2b2e31);--rule:light-dark(#c9c9c2,#43474c);
--accent:light-dark(#1f57b8,#86b0ff);--pass:light-dark(#1a6b3c,#63c48d);--fail:light-dark(#b02318,#ff8d80);--unscored:light-dark(#805300,#dfb25c);
--add:light-dark(#e3f3e7,#12301d);--del:light-dark(#fbe7e4,#3b1b18);
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif}
:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:4rem}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 var(--sans);font-variant-numeric:tabular-nums}
main,header,footer{max-width:76rem;margin:0 auto;padding:0 1.5rem}
a{color:var(--accent);text-underline-offset:.2em;text-decoration-thickness:1px}
code,pre,kbd{font-family:var(--mono);font-size:.85em}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;line-height:1.55;tab-size:4}
p{margin:0}h1,h2,h4{margin:0;line-height:1.2;font-weight:600}
small{font-size:.85em;color:var(--soft);font-weight:400}
button,select,input{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:4px;padding:.25rem .6rem}
button,select,summary{cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
.quiet{color:var(--soft)}.number{text-align:right;white-space:nowrap}.plus{color:var(--pass);font-weight:500}.minus{color:var(--fail);font-weight:500}
html:not(.js) .script{display:none!important}

header{display:flex;align-items:center;gap:1rem;padding-top:1.25rem;padding-bottom:1.25rem;font-size:.85rem}
.brand{font-weight:600;letter-spacing:-.01em;font-size:1rem}header .theme{margin-left:auto}
.lead{padding:1.5rem 0 2rem;border-top:2px solid var(--ink)}
.lead h1{font-size:clamp(2.25rem,6vw,3.5rem);letter-spacing:-.03em;margin:.35rem 0 .5rem}
.ruling{font-weight:600}.ruling::before{content:"";display:inline-block;width:.6em;height:.6em;margin-right:.5em;background:currentColor;border-radius:50%}
.ruling.success{color:var(--pass)}.ruling.failure{color:var(--fail)}.ruling.action_required{color:var(--unscored)}.ruling.neutral,.ruling.cancelled{color:var(--soft)}
.reason{max-width:52rem;overflow-wrap:anywhere}
.interval{display:block;max-width:46rem;margin:1.25rem 0 0;overflow:visible}
.interval line{stroke:var(--rule)}.interval .range{stroke:var(--ink);stroke-width:3}.interval line.gate{stroke:var(--accent);stroke-width:2}.interval circle{fill:var(--paper);stroke:var(--ink);stroke-width:3}.interval text{fill:var(--accent);font-size:12px}.interval .end{fill:var(--soft)}
.figures{display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;margin:1.25rem 0 0}.figures dt{color:var(--soft);font-size:.8rem}.figures dd{margin:0;font-weight:500}
.notices{border-left:3px solid var(--unscored);padding:.1rem 0 .1rem 1rem;margin:0 0 2rem}.notices ul{margin:0;padding:0;list-style:none}.notices li{overflow-wrap:anywhere}
.batch{padding:1.5rem 0;border-top:1px solid var(--line)}
.batch h2,.all h2{font-size:1.15rem;letter-spacing:-.01em;margin-bottom:.4rem}.batch h2 small{font-family:var(--mono);margin-left:.4rem}
.batch .ruling{margin-top:.75rem}
.strip{display:flex;flex-wrap:wrap;gap:3px;margin:1rem 0 1.25rem}.strip i{width:12px;height:12px;border-radius:2px;background:var(--pass)}
.strip.dense{gap:2px}.strip.dense i{width:8px;height:8px;border-radius:1px}.strip .fail{background:var(--fail)}.strip .unscored{background:none;border:2px solid var(--unscored)}.js .strip i{cursor:pointer}
.wide{overflow-x:auto;margin-top:.75rem}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:500}thead th{color:var(--soft);font-size:.8rem;font-weight:400;border-bottom:1px solid var(--rule);white-space:nowrap}
th.number{text-align:right}th,td{padding:.45rem 1rem .45rem 0;vertical-align:top}th:last-child,td:last-child{padding-right:0}
.scorers tbody>tr>*,.epochs tbody>tr>*{border-bottom:1px solid var(--line)}.scorers td{white-space:nowrap}.epochs{width:auto}

.all{padding:1.5rem 0;border-top:1px solid var(--line)}
.toolbar{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem;padding:.6rem 0;background:var(--paper);font-size:.85rem}
.choices{display:flex}.choices button{border-radius:0;margin-left:-1px;text-transform:capitalize}.choices button:first-child{border-radius:4px 0 0 4px}.choices button:last-child{border-radius:0 4px 4px 0}
.choices [aria-pressed=true]{background:var(--ink);color:var(--paper);border-color:var(--ink)}.choices [aria-pressed=true] small{color:inherit}
.toolbar input{flex:1 1 12rem;max-width:22rem;background:var(--raised)}.toolbar select{background:var(--raised)}.keys{margin-left:auto}kbd{border:1px solid var(--line);border-radius:3px;padding:0 .3em}
table.runs{table-layout:fixed}.runs thead .verdict{width:6.5rem}.runs thead .eval{width:12rem}.runs thead .scores{width:28%}.runs thead .diff{width:6.5rem}.runs thead .steps{width:4rem}.runs thead .time{width:6.5rem}.runs thead .cost{width:5rem}
.runs thead button{border:0;padding:0;color:inherit;font-size:inherit}.runs [aria-sort] button{color:var(--ink);font-weight:600}.runs [aria-sort=ascending] button::after{content:" ↑"}.runs [aria-sort=descending] button::after{content:" ↓"}
.row>*{border-bottom:1px solid var(--line);overflow-wrap:anywhere}.row .number{overflow-wrap:normal}
.js .row{cursor:pointer}.js .row:hover{background:var(--sunk)}
.name{color:inherit;text-decoration:none}.row .name:hover{text-decoration:underline}.row .reason{color:var(--soft);font-weight:400;font-size:.85rem}
td.verdict span{text-transform:capitalize;font-weight:500;white-space:nowrap}td.verdict span::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.5em;background:currentColor}
td.pass{color:var(--pass)}td.fail{color:var(--fail)}td.unscored{color:var(--unscored)}td.unscored span::before{background:none;border:2px solid}td.fail span::before{border-radius:1px}
.chip{font-size:.78rem;border:1px solid var(--line);border-radius:3px;padding:.1em .4em;margin-right:.15rem;white-space:nowrap}.row .scores{line-height:1.7}
.chip::before{content:"✓ ";color:var(--pass)}.chip.fail{border-color:var(--fail);color:var(--fail)}.chip.fail::before{content:"✗ ";color:inherit}.chip.na{color:var(--soft)}.chip.na::before{content:"– ";color:inherit}
.opened>td{padding:0}.opened summary{padding:.2rem 0 .6rem;color:var(--soft);font-size:.85rem}
.js .opened summary[hidden]{display:none}.js tbody:not(.open)>.opened{display:none}.js .open>.row>*{border-bottom-color:transparent}
.opened details[open]{border-bottom:1px solid var(--rule)}

.sheet{display:grid;grid-template-columns:minmax(0,21rem) minmax(0,1fr);gap:1.5rem 2.5rem;padding:.5rem 0 2.5rem}
.done .prose{font-size:.93rem;max-width:none}.scorers .ruling{white-space:nowrap}.sheet section{margin-bottom:1.75rem}.sheet h4{font-size:.8rem;color:var(--soft);border-bottom:1px solid var(--line);padding-bottom:.3rem;margin-bottom:.6rem;display:flex;justify-content:space-between;gap:1rem;flex-wrap:wrap}
.prose{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;max-width:46rem}
.banner{border-left:3px solid var(--fail);padding:.1rem 0 .1rem .9rem;margin-bottom:1.75rem;overflow-wrap:anywhere}.banner.unscored{border-color:var(--unscored)}.banner p+p,.banner pre{margin-top:.4rem}
.score-list,.criteria{list-style:none;margin:0;padding:0}.score-list>li+li,.criteria>li{margin-top:.9rem}
.status{font-family:var(--mono);font-size:.72rem;font-weight:600;padding:.05rem .35rem;border:1px solid;border-radius:3px;color:var(--soft);white-space:nowrap}.status.pass{color:var(--pass)}.status.fail{color:var(--fail)}
.trust{text-decoration:underline dotted;text-underline-offset:.2em}
.evidence{margin-top:.35rem;padding:.5rem .65rem;background:var(--sunk);max-height:18rem;overflow:auto}.score+.prose{margin-top:.5rem}
blockquote{margin:.35rem 0;padding-left:.75rem;border-left:2px solid var(--rule);font-family:var(--mono);font-size:.8rem;overflow-wrap:anywhere;white-space:pre-wrap}
.sheet .quiet{font-size:.9rem;margin-top:.4rem}.criteria p{color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.facts{margin:0;font-size:.85rem}.facts div{display:flex;gap:1rem;padding:.3rem 0;border-top:1px solid var(--line)}.facts dt{flex:0 0 5rem;color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.file{border:1px solid var(--line);border-radius:4px;margin-bottom:.6rem;background:var(--raised);content-visibility:auto;contain-intrinsic-size:auto 8rem}
.file>summary{padding:.4rem .7rem;overflow-wrap:anywhere;color:inherit;font-size:1em}.file .delta{float:right;font-family:var(--mono);font-size:.8rem}
.scroll{overflow-x:auto;border-top:1px solid var(--line)}.patch{white-space:pre;overflow-wrap:normal;width:max-content;min-width:100%;padding:.35rem .7rem;font-size:.8rem}
.patch ins,.patch del,.patch>b{display:block;text-decoration:none;margin:0 -.7rem;padding:0 .7rem}.patch ins{background:var(--add)}.patch del{background:var(--del)}.patch>b{color:var(--soft);font-weight:400}
.timeline{list-style:none;margin:0;padding:0}.timeline>li{display:grid;grid-template-columns:6rem minmax(0,1fr);gap:.75rem;padding:.55rem 0;border-top:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 3rem}.timeline>li:first-child{border-top:0}
.kind{font-size:.8rem;color:var(--soft)}.kind time{display:block;font-family:var(--mono);font-size:.72rem}
.what{overflow-wrap:anywhere}.what .scroll{border:1px solid var(--line);border-radius:4px;margin-top:.35rem;background:var(--raised)}
.command{display:flex;gap:1rem;justify-content:space-between;align-items:baseline}.command pre::before{content:"$ ";color:var(--soft)}
.exit{font-family:var(--mono);font-size:.75rem;white-space:nowrap;color:var(--soft)}.exit.bad{color:var(--fail)}.exit.fine{color:var(--pass)}
.output{margin-top:.35rem;padding:.5rem .65rem;background:var(--sunk)}.fold>.prose{margin-top:.4rem}.fold>summary{color:var(--soft);font-size:.85rem;margin-top:.35rem;padding:0}
.timeline .gap{display:block;text-align:center;color:var(--soft);font-size:.85rem}
footer{display:flex;flex-wrap:wrap;gap:.5rem 2rem;font-size:.8rem;padding-top:1rem;padding-bottom:3rem}
@media(max-width:60rem){.sheet{grid-template-columns:minmax(0,1fr)}.keys{display:none}}
@media(max-width:44rem){main,header,footer{padding-left:1rem;padding-right:1rem}.figures{gap:.6rem 1.5rem}
.runs,.runs thead,.runs tbody{display:block}.runs thead{display:none}.runs .row{display:grid;grid-template-columns:6rem minmax(0,1fr) auto;gap:0 .5rem;padding:.6rem 0;border-bottom:1px solid var(--line)}.row>*{border:0;padding:0}
.row .run{grid-column:2/4}.row .scores,.row .eval{grid-column:2/4;margin-top:.3rem}.row .diff{grid-column:2;text-align:left}.row .steps,.row .cost{display:none}.row .time{grid-column:3}
.opened,.opened>td{display:block}.timeline>li{grid-template-columns:minmax(0,1fr);gap:.2rem}.kind time{display:inline;margin-left:.5rem}
.toolbar{position:static}.toolbar input{flex-basis:100%;max-width:none}}
@media print{:root{color-scheme:light}.script,.opened summary,footer a{display:none!important}main,header,footer{max-width:none;padding:0}.evidence{max-height:none}.js tbody:not(.open)>.opened{display:none}.row,.timeline>li{break-inside:avoid}body{font-size:10pt}}
`
