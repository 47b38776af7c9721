extension StatusPage {
    static let style = """
        :root { --ink: #1d1d1f; --soft: #6a6a70; --paper: #f6f5f2; --card: #fff; --line: #e2e0da; --good: #1a7f37; --warn: #9a6700;
          --bad: #c62828; --one: #1f6feb; --two: #1a7f37; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8e6e3; --soft: #9b9890; --paper: #17171a; --card: #212125;
          --line: #34343a; --good: #4cc36a; --warn: #e0a83a; --bad: #ff7b72; --one: #6cb0ff; --two: #4cc36a; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1180px; padding: 1rem 1.25rem 2rem; background: var(--paper); color: var(--ink);
          font: 15px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
        header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; }
        h1 { font: 600 1.5rem/1.3 Georgia, serif; margin: 0; }
        h2 { font: 600 1.05rem/1.3 Georgia, serif; margin: 1.5rem 0 .5rem; }
        header p, footer, .note { color: var(--soft); font-size: .85rem; margin: 0; }
        footer { margin-top: 2rem; }
        a { color: inherit; text-decoration-color: var(--soft); }
        #findings { list-style: none; margin: 1rem 0; padding: 0; }
        #findings li { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--soft);
          border-radius: 4px; padding: .5rem .75rem; margin: .35rem 0; overflow-wrap: anywhere; }
        #findings li.good { border-left-color: var(--good); }
        #findings li.warning { border-left-color: var(--warn); }
        #findings li.bad { border-left-color: var(--bad); }
        #tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(115px, 1fr)); gap: .6rem; margin: 0; }
        #tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .75rem; }
        dt { color: var(--soft); font-size: .85rem; }
        dd { margin: 0; font-size: 1.45rem; font-weight: 600; white-space: nowrap; }
        dd.note { font-size: .75rem; font-weight: 400; white-space: normal; }
        #curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: .6rem; margin-top: .6rem; }
        figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; }
        figcaption { color: var(--soft); font-size: .8rem; }
        svg { display: block; width: 100%; height: 90px; }
        polyline { fill: none; stroke: var(--one); stroke-width: 1.8; vector-effect: non-scaling-stroke; }
        polyline.answers { stroke: var(--two); }
        span.deposits { color: var(--one); } span.answers { color: var(--two); }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
        table { border-collapse: collapse; width: 100%; font-size: .88rem; }
        th, td { padding: .32rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
        thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; white-space: normal; }
        tbody tr:last-child > * { border-bottom: 0; }
        th.text, td.text { text-align: left; }
        td.text { overflow-wrap: anywhere; }
        tr.bad td, tr.bad th { color: var(--bad); }
        #state.lost { color: var(--bad); }
        """

    /// Fetches the page again every two seconds while it is seen, and takes the new numbers over.
    static let script = """
        setInterval(async () => {
          if (document.hidden) return;
          const state = document.getElementById("state");
          try {
            const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
            const next = new DOMParser().parseFromString(await answer.text(), "text/html");
            document.querySelector("main").replaceWith(next.querySelector("main"));
            state.replaceWith(next.getElementById("state"));
            document.title = next.title;
          } catch {
            state.className = "lost";
            state.textContent = "no answer: these numbers are old";
          }
        }, 2000);
        """
}
