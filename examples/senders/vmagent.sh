#!/bin/sh
# vmagent as a sender: a second remote-write target beside your own. Newer ones try VictoriaMetrics' protocol first, are
# answered 415 and go on with Prometheus'.
exec vmagent \
  -promscrape.config=vmagent-scrape.yml \
  -remoteWrite.url=http://victoria-metrics:8428/api/v1/write \
  -remoteWrite.url=http://localhost:9797/api/v1/write
