#!/bin/sh
# vmagent as a sender: a second remote-write target beside your own. It speaks remote write 1.0 when told to.
exec vmagent \
  -promscrape.config=prometheus.yml \
  -remoteWrite.url=http://victoria-metrics:8428/api/v1/write \
  -remoteWrite.url=http://localhost:9797/api/v1/write \
  -remoteWrite.forcePromProto=false,true
