/** What the page can do beyond being read: filter, search, sort, keys, theme. Without it everything is still there. */
export const script = `'use strict'
document.documentElement.classList.add('js')
try { const theme = localStorage.getItem('proctor-theme'); if (theme) document.documentElement.dataset.theme = theme } catch {}
addEventListener('DOMContentLoaded', () => {
  const $ = (selector, root = document) => root.querySelector(selector)
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
  const table = $('table.runs')
  let runs = $$('tbody', table)
  const texts = new Map()
  const textOf = (run) => { let text = texts.get(run); if (text === undefined) texts.set(run, text = run.textContent.toLowerCase()); return text }

  const link = (run) => $('.name', run)
  const isOpen = (run) => run.classList.contains('open')
  function open(run, wanted) {
    run.classList.toggle('open', wanted)
    $('details', run).open = wanted
    link(run).setAttribute('aria-expanded', String(wanted))
  }
  for (const run of runs) {
    link(run).setAttribute('role', 'button')
    link(run).setAttribute('aria-expanded', 'false')
    $('.opened summary', run).hidden = true
  }
  function show(run) {
    if (run.hidden) reset()
    open(run, true)
    run.scrollIntoView({ block: 'start' })
    link(run).focus({ preventScroll: true })
  }
  const named = (hash) => hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null
  const followHash = () => { const run = named(location.hash); if (run && run.matches('table.runs > tbody')) show(run) }
  table.addEventListener('click', (event) => {
    const row = event.target.closest('tr.row')
    if (!row || String(getSelection())) return
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    const run = row.parentElement
    open(run, !isOpen(run))
    link(run).focus({ preventScroll: true })
    if (isOpen(run)) history.replaceState(null, '', '#' + encodeURIComponent(run.id))
  })
  document.addEventListener('click', (event) => {
    const id = event.target.dataset && event.target.dataset.run
    const run = id && document.getElementById('run-' + id)
    if (run) show(run)
  })

  const search = $('.toolbar input'), picker = $('.toolbar select'), output = $('.toolbar output'), choices = $$('.choices button')
  let verdict = ''
  function filter() {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean)
    const batch = picker ? picker.value : ''
    let count = 0
    for (const run of runs) {
      const fits = (!verdict || run.dataset.verdict === verdict) && (!batch || run.dataset.batch === batch) && (words.length === 0 || words.every((word) => textOf(run).includes(word)))
      run.hidden = !fits
      if (fits) count++
    }
    output.textContent = count === runs.length ? '' : count + ' of ' + runs.length
    $('.none').hidden = count > 0
    for (const button of choices) button.setAttribute('aria-pressed', String(button.dataset.filter === verdict))
  }
  function reset() { verdict = ''; search.value = ''; if (picker) picker.value = ''; filter() }
  let waiting
  search.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(filter, 80) })
  if (picker) picker.addEventListener('change', filter)
  for (const button of choices) button.addEventListener('click', () => { verdict = button.dataset.filter; filter() })

  const heads = $$('thead th', table)
  heads.forEach((head, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = head.textContent
    head.replaceChildren(button)
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending'
      for (const other of heads) other.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
      const value = (run) => { const cell = run.rows[0].cells[column]; return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v) }
      const keyed = runs.map((run) => [value(run), run])
      keyed.sort(([a], [b]) => typeof a === 'number' ? a - b : a.localeCompare(b, undefined, { numeric: true }))
      if (down) keyed.reverse()
      runs = keyed.map(([, run]) => run)
      table.append(...runs)
    })
  })

  const move = (by) => {
    const seen = runs.filter((run) => !run.hidden)
    const current = seen.indexOf(document.activeElement.closest('table.runs > tbody'))
    const next = seen[current < 0 ? (by > 0 ? 0 : seen.length - 1) : Math.min(seen.length - 1, Math.max(0, current + by))]
    if (!next) return
    link(next).focus({ preventScroll: true })
    next.rows[0].scrollIntoView({ block: 'nearest' })
  }
  document.addEventListener('keydown', (event) => {
    const field = event.target.matches('input, select, textarea')
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape') {
      if (event.target === search && search.value) { search.value = ''; filter(); return }
      const run = document.activeElement.closest('table.runs > tbody')
      if (run && isOpen(run)) { open(run, false); link(run).focus() } else if (field) event.target.blur()
      return
    }
    if (field) { if (event.target === search && event.key === 'Enter') { filter(); search.blur(); move(1) } return }
    const inTable = event.target.matches('.name')
    if (event.key === 'j' || (inTable && event.key === 'ArrowDown')) { event.preventDefault(); move(1) }
    else if (event.key === 'k' || (inTable && event.key === 'ArrowUp')) { event.preventDefault(); move(-1) }
    else if (event.key === '/') { event.preventDefault(); search.focus(); search.select() }
    else if (event.key === ' ' && inTable) { event.preventDefault(); event.target.click() }
  })

  const theme = $('.theme'), dark = () => matchMedia('(prefers-color-scheme: dark)').matches
  const now = () => document.documentElement.dataset.theme || (dark() ? 'dark' : 'light')
  const label = () => { theme.textContent = now() === 'dark' ? 'Light' : 'Dark' }
  theme.addEventListener('click', () => {
    const next = now() === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    try { localStorage.setItem('proctor-theme', next) } catch {}
    label()
  })
  label()
  addEventListener('hashchange', followHash)
  followHash()
})
`
