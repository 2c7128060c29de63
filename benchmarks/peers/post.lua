-- A small JSON document as a browser application sends it, with values that differ from request to request.
math.randomseed(20261125)
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
wrk.headers["Accept"] = "*/*"
wrk.headers["Content-Type"] = "application/json"
request = function()
  local body = string.format(
    '{"user":"alice%d","note":"a normal note about my order %d","items":[{"sku":"A-%d","qty":2},{"sku":"B-%d","qty":1}]}',
    math.random(10000), math.random(1000000), math.random(100000), math.random(100000))
  return wrk.format("POST", "/api/orders", nil, body)
end
