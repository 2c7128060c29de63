-- What a browser asks an API, with values that differ from request to request.
math.randomseed(20261125)
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
wrk.headers["Accept"] = "*/*"
request = function()
  return wrk.format("GET", string.format("/api/orders/%d?page=%d&sort=created&customer=c%x&q=green+garden+table+%d",
    math.random(1000000), math.random(100), math.random(100000000), math.random(1000000)))
end
