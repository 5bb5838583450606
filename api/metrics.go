package api

import (
	"net"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// gauges are what a monitor reads: how many requests took how long, and how the background work stands.
type gauges struct {
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
	waiting  *prometheus.GaugeVec
}

func newGauges() *gauges {
	g := &gauges{
		registry: prometheus.NewRegistry(),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "paigong_http_request_seconds", Help: "Time of requests by route and status.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"method", "route", "status"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paigong_jobs", Help: "Background jobs by state."}, []string{"state"}),
	}
	g.registry.MustRegister(g.took, g.waiting, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return g
}

// count measures each request under the pattern of its route, never its address, which may name a person.
func (g *gauges) count(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		route := c.Path()
		if route == "" {
			route = "unknown"
		}
		g.took.WithLabelValues(c.Request().Method, route, strconv.Itoa(c.Response().Status)).Observe(time.Since(began).Seconds())
		return nil
	}
}

// metrics answers a monitor on this machine, or one with the token of somebody who looks after jobs.
func (s *Server) metrics(c echo.Context) error {
	r := c.Request()
	if ip := net.ParseIP(addressOf(r)); ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
		by, err := s.callerOf(r)
		if err == nil {
			err = by.Must(auth.ManageJobs)
		}
		if err != nil {
			return failed(s.log, r, err, "en")
		}
	}
	stand, err := s.desk.Look(r.Context()).Queue.Stand(r.Context())
	if err != nil {
		return failed(s.log, r, fault.FromSQL(err), "en")
	}
	s.gauges.waiting.WithLabelValues("due").Set(float64(stand.Waiting))
	s.gauges.waiting.WithLabelValues("dead").Set(float64(stand.Dead))
	promhttp.HandlerFor(s.gauges.registry, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), r)
	return nil
}
